import {
  decodeValues,
  encodeValues,
  type EndRecord,
  type LaneId,
  type LaneSeq,
  type RunId,
  type Span,
  type TypeId,
  type ValueFault,
} from "@refold/core";
import type { Kinded } from "@refold/fsm";
import type { Result } from "neverthrow";

import type { SourcePlace } from "../definition/opened-source.ts";
import { sameBytes } from "../replay/same-bytes.ts";
import type { StepState } from "../step/step-recorder.ts";

/** What a run has come to between two of its frames: whoever has it need not fold the frames before. */
export interface RunState {
  readonly runId: RunId;
  /** Who computed it: the process that had the run, and the code of its stages. */
  readonly refold: string;
  readonly runtime: string;
  readonly fingerprints: Readonly<Record<string, string>>;
  /**
   * How many frames back the oldest stands of which something was not taken yet, and the oldest whose payloads may be passed
   * on from now on; how many back that process began, and the last one that went on with the run by force, if any did.
   */
  readonly unreadBehind: number;
  readonly payloadsBehind: number;
  readonly epochBehind: number;
  readonly forcedBehind: number;
  readonly timeMs: number;
  /** By their ids. */
  readonly lanes: readonly LaneState[];
}

/** What is on record of a lane. */
export interface LaneState {
  readonly nextSeq: number;
  readonly data: ReadonlyMap<TypeId, number>;
  /** Inputs that the stage took, and those of them that it rejected, or could not deliver. */
  readonly taken: number;
  readonly rejected: number;
  readonly timeMs: number;
  /** The lane's end, once that is there. */
  readonly end: LaneEnd | undefined;
  /** Of the lane of a source. */
  readonly place: SourcePlace;
  /** Where each machine stands that has put a transition on record, by its name. */
  readonly machines: ReadonlyMap<string, Kinded>;
  readonly stage: StageState;
}

export interface LaneEnd {
  readonly record: EndRecord;
  readonly seq: LaneSeq;
}

/** What only the stage of a lane knows. */
export interface StageState {
  /** What it has not taken by its record. */
  readonly unread: readonly Span[];
  /** Of a stage with a program. */
  readonly step?: StepState;
  /** Of a sink. */
  readonly delivery?: DeliveryState;
}

/** What became of the inputs of a sink, by upstream lane. */
export interface DeliveryState {
  readonly given: ReadonlyMap<LaneId, number>;
  readonly ended: ReadonlyMap<LaneId, number>;
  /** Inputs that are buffered, batch by batch. */
  readonly buffered: readonly (readonly Span[])[];
}

/** The most that a snapshot may take, in bytes. */
const MAX_SNAPSHOT_BYTES: number = 512 * 1024 * 1024;

/** Counted up with every change of what a snapshot holds, states of programs included: one of another form is of no use. */
const FORM = 3;

/** The state in bytes; or of which lane it cannot be stored, as the value of that number. */
export function encodeRunState({ lanes, ...run }: RunState): Result<Uint8Array, ValueFault> {
  return encodeValues([...lanes, { ...run, form: FORM }], MAX_SNAPSHOT_BYTES);
}

/** Whether two values are the same when they are stored. */
export function isSameStored(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other].map((value) => encodeValues([value], MAX_SNAPSHOT_BYTES).unwrapOr(undefined));
  return a !== undefined && b !== undefined && sameBytes(a, a.length, b);
}

/** `undefined` for what another version of the runtime has written. */
export function decodeRunState(body: Uint8Array): RunState | undefined {
  const decoded = decodeValues(body);
  if (decoded.isErr()) return undefined;
  const lanes = decoded.value.slice(0, -1);
  const run = decoded.value.at(-1) as { readonly form?: unknown } | undefined;
  // Its bytes are whole, and of this form: so they are what `encodeRunState` was given.
  return run?.form === FORM ? ({ ...run, lanes } as unknown as RunState) : undefined;
}
