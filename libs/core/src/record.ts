import type { LaneId, LaneSeq, Span, TypeId } from "./place.ts";

/**
 * What led to a record:
 * - a number: the input of that index among the data inputs of the same step (see {@link ConsumedRecord});
 * - spans: an aggregate, of inputs within these ranges;
 * - `undefined`: nothing within the run (a source read it from outside).
 */
export type Cause = number | readonly Span[] | undefined;

/** An output of a stage. */
export interface DataRecord {
  readonly kind: "data";
  readonly type: TypeId;
  readonly cause: Cause;
  /** The lane and seq of the record at its root. A source record and an aggregate are their own root. */
  readonly originLane: LaneId;
  readonly originSeq: LaneSeq;
  readonly payload: unknown;
  /** How often what this descends from has come round a cycle; left out for 0. */
  readonly hops?: number;
  /**
   * The record whose payload this one passes on; left out where the payload is its own. In the log the payload is then stored
   * there alone. That record is an earlier one and never passes on itself, so that a payload is one step away.
   */
  readonly payloadOf?: RecordPlace;
}

/** Where a record stands within its run. */
export interface RecordPlace {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/**
 * Which inputs a step took, in the order it took them. It is the first record of its frame. Spans name every record of the
 * upstream lane within them; its data inputs are the data records among those, numbered from 0 across all spans. Where the
 * manifest has a `PartialRead` for the two lanes, they are the records that it names.
 * A frame of data without a `consumed` record goes on with the outputs of the step before it.
 */
export interface ConsumedRecord {
  readonly kind: "consumed";
  readonly spans: readonly Span[];
}

/** The kinds of a rejected input. `validation` and `domain` stay in band; the others leave for the error journal. */
export type ErrorKind =
  "timeout" | "remote" | "rate-limited" | "permanent" | "deserialization" | "validation" | "domain" | "unknown";

/** An input that a handler rejected. */
export interface ErrorRecord {
  readonly kind: "error";
  readonly error: ErrorKind;
  readonly message: string;
  readonly cause: Cause;
  readonly originLane: LaneId;
  readonly originSeq: LaneSeq;
  /** The payload that was rejected, where that came about; `undefined` for an error that is handed on. */
  readonly input: unknown;
}

/** What a stage takes as an input: a data record, or an error that stays in band. */
export type InBandRecord = DataRecord | ErrorRecord;

/** Whether readers of the lane take this record as an input. */
export function isInBand(record: LogRecord): record is InBandRecord {
  return (
    record.kind === "data" || (record.kind === "error" && (record.error === "validation" || record.error === "domain"))
  );
}

/** How an end came about; of several the worst wins, in this order. */
export type EndKind = "natural" | "truncated" | "poison";

/** The last data-path record of a lane. It advertises how many data records of each type the lane holds. */
export interface EndRecord {
  readonly kind: "end";
  readonly end: EndKind;
  readonly counts: readonly TypeCount[];
}

export interface TypeCount {
  readonly type: TypeId;
  readonly count: number;
}

/** No later data record of this lane has an event time below `eventTimeMs`. */
export interface WatermarkRecord {
  readonly kind: "watermark";
  readonly eventTimeMs: number;
}

/** A timer fired, at this place of the merge order. */
export interface TimerRecord {
  readonly kind: "timer";
  readonly timer: string;
  readonly dueMs: number;
}

/**
 * An outside call is about to be made for the given input. One that was in doubt, or has failed, and is made again by a process
 * that goes on with the run, is on record again with the same input, ordinal and key: what came of it before is void.
 */
export interface EffectStartedRecord {
  readonly kind: "effect-started";
  readonly effect: string;
  readonly version: number;
  readonly cause: Cause;
  readonly ordinal: number;
  readonly key: string;
  readonly input: unknown;
  /** How often it was begun, this time included; left out for 1. The attempts of a retry policy count as one. */
  readonly attempt?: number;
}

/** The outcome of an outside call. */
export interface EffectSettledRecord {
  readonly kind: "effect-settled";
  readonly effect: string;
  readonly cause: Cause;
  readonly ordinal: number;
  readonly outcome: "succeeded" | "failed";
  readonly value: unknown;
}

/**
 * What became of `count` inputs of a sink's step, from index `first` on:
 * - `success`, and `failed` with the error's `kind` and `message` in `detail`: nothing more is done about them;
 * - `buffered`: they are not safe outside yet, and a later `committed` says when they are;
 * - `committed`: inputs that were buffered, by this step or one before it, which `spans` names; `first` is 0;
 * - `partial`: some of them failed; the receipts after it say of each what became of it.
 *
 * So every input has one receipt that ends it: `success`, `failed`, or `committed`. A frame of receipts without a `consumed`
 * record goes on with the step before it.
 */
export interface ReceiptRecord {
  readonly kind: "receipt";
  readonly outcome: "success" | "failed" | "partial" | "buffered" | "committed";
  readonly first: number;
  readonly count: number;
  readonly detail: unknown;
  /** Which inputs are committed: the data records within these ranges; left out of other receipts. */
  readonly spans?: readonly Span[];
}

/** Whether a receipt says what became of its inputs for good. A partial one is followed by those of its parts. */
export function endsInputs({ outcome }: ReceiptRecord): boolean {
  return outcome === "success" || outcome === "failed" || outcome === "committed";
}

/** A supervised machine moved. Appended before the actions of the move run; folding `event` gives the state again. */
export interface TransitionRecord {
  readonly kind: "transition";
  readonly machine: string;
  readonly event: { readonly kind: string };
  readonly from: string;
  readonly to: string;
}

/** Evidence about a contract of the edge from `upstream` to this lane. */
export interface ContractRecord {
  readonly kind: "contract";
  readonly contract: "transport" | "source" | "delivery" | "divergence" | "schema";
  readonly upstream: LaneId;
  readonly verdict: "held" | "violated";
  readonly advertised: number;
  readonly read: number;
}

/** The liveness of the edge from `upstream` to `reader` changed. */
export interface LivenessRecord {
  readonly kind: "liveness";
  readonly upstream: LaneId;
  readonly reader: LaneId;
  readonly status: "healthy" | "idle" | "suspect" | "stalled" | "recovered";
}

/** What a policy did: breaker opened, retry scheduled, limiter delayed. */
export interface PolicyRecord {
  readonly kind: "policy";
  readonly policy: string;
  readonly decision: string;
  readonly detail: unknown;
}

/**
 * Where a source can go on behind all data records before this one. It is the source's own: no reader of the lane takes it.
 */
export interface CursorRecord {
  readonly kind: "cursor";
  readonly cursor: unknown;
}

/** The state of a stage after all records of its lane before this one. */
export interface SnapshotRecord {
  readonly kind: "snapshot";
  readonly fingerprint: string;
  readonly state: unknown;
}

/** A process took over the run. The first record of a run is an epoch. */
export interface EpochRecord {
  readonly kind: "epoch";
  readonly runtime: string;
  readonly refold: string;
  /** The code fingerprint of each stage, by name. They compare only between epochs of the same `runtime`. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Whether it went on although its code did not compute what was on record. */
  readonly forced: boolean;
  /** Whether it was to make calls again that have failed, where a handler ended on that; left out where not. */
  readonly retryFailed?: boolean;
  /** The flow's source file as this process had it, where there was one; of the first epoch, the manifest has it. */
  readonly source?: { readonly path: string; readonly sha256: string };
}

/** How the run ended. Nothing follows it but the epoch of a process that goes on with a run that was not completed. */
export interface SealRecord {
  readonly kind: "seal";
  readonly status: RunOutcome;
  readonly reason: string | undefined;
  /** Data records in each lane, by lane id. */
  readonly data: readonly number[];
  /** The log's digest over all frames before this one. */
  readonly digest: string;
}

export type RunOutcome = "completed" | "cancelled" | "failed";

/** Everything a run log can hold. */
export type LogRecord =
  | DataRecord
  | ConsumedRecord
  | ErrorRecord
  | EndRecord
  | WatermarkRecord
  | TimerRecord
  | EffectStartedRecord
  | EffectSettledRecord
  | ReceiptRecord
  | TransitionRecord
  | ContractRecord
  | LivenessRecord
  | PolicyRecord
  | SnapshotRecord
  | EpochRecord
  | SealRecord
  | CursorRecord;

export type RecordKind = LogRecord["kind"];
