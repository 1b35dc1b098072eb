import {
  encodeRecords,
  explainFault,
  formatPlace,
  MessagePackWriter,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Lsn,
  type RunManifest,
  type Span,
} from "@refold/core";

import { differences, type Difference } from "./differences.ts";
import type { FoundDivergence } from "./divergence.ts";
import { sameBytes } from "./same-bytes.ts";
import type { StepOutput } from "./step-output.ts";

/** A recorded output with its place. */
export interface PlacedOutput {
  readonly record: StepOutput;
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** The outputs of one step on both sides. */
export interface ComparedStep {
  readonly recorded: readonly PlacedOutput[];
  readonly computed: readonly StepOutput[];
  /** Where the step stands, for what is not on record. */
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
  /** Where an input of the step stands, by its index. */
  placeOf(input: number): { readonly lane: LaneId; readonly seq: LaneSeq };
}

/** Holds computed outputs of one stage against the recorded ones. */
export class OutputComparison {
  readonly #stage: string;
  readonly #lane: LaneId;
  readonly #manifest: RunManifest;
  readonly #found: (divergence: FoundDivergence) => void;
  readonly #encoder: MessagePackWriter = new MessagePackWriter(64 * 1024);

  constructor(stage: string, lane: LaneId, manifest: RunManifest, found: (divergence: FoundDivergence) => void) {
    this.#stage = stage;
    this.#lane = lane;
    this.#manifest = manifest;
    this.#found = found;
  }

  /** Equal bytes are equal records, whatever they hold; only where they differ is it worth looking closer. */
  encodesTo(records: readonly LogRecord[], body: Uint8Array): boolean {
    return this.#encode(records) === undefined && sameBytes(this.#encoder.bytes, this.#encoder.at, body);
  }

  /** Whether a candidate can hold an output. */
  isStorable(record: StepOutput): boolean {
    return this.#encode([record]) === undefined;
  }

  /**
   * Holds outputs against one another input by input, so that one more or less does not shift all the rest. Returns how many
   * are the same.
   */
  compare(step: ComparedStep): number {
    const computed = grouped(step.computed, (record) => this.#causeKey(record));
    const recorded = grouped(step.recorded, ({ record }) => this.#causeKey(record));
    let matched = 0;
    for (const key of new Set([...recorded.keys(), ...computed.keys()])) {
      const then = recorded.get(key) ?? [];
      const now = computed.get(key) ?? [];
      for (let i = 0; i < Math.max(then.length, now.length); i++) if (this.#isSame(then[i], now[i], step)) matched++;
    }
    return matched;
  }

  placeOf(lane: LaneId, seq: LaneSeq): string {
    return formatPlace(this.#manifest.lanes[lane] ?? String(lane), seq);
  }

  spanText({ lane, first, last }: Span): string {
    return first === last ? this.placeOf(lane, first) : `${this.placeOf(lane, first)}..${last}`;
  }

  #isSame(then: PlacedOutput | undefined, now: StepOutput | undefined, step: ComparedStep): boolean {
    const refused = now === undefined ? undefined : this.#encode([now]);
    const changes = then === undefined || now === undefined || refused !== undefined ? [] : this.#changes(then, now);
    const record = then?.record ?? now;
    if (record === undefined) return false;
    if (then !== undefined && now !== undefined && refused === undefined && changes.length === 0) return true;
    this.#found({
      place: formatPlace(this.#stage, then?.seq ?? step.seq),
      lsn: then?.lsn ?? step.lsn,
      kind: then === undefined ? "extra" : now === undefined ? "missing" : "changed",
      causes: this.#causes(record, step),
      recorded: then === undefined ? undefined : contentOf(then.record),
      // What cannot be stored can mostly not be shown either: it is told of.
      recomputed: refused !== undefined ? `(cannot be stored: ${refused})` : now && contentOf(now),
      differences: changes,
    });
    return false;
  }

  /** Why records cannot be stored, if they cannot. */
  #encode(records: readonly LogRecord[]): string | undefined {
    this.#encoder.at = 0;
    const fault = encodeRecords(this.#encoder, records);
    if (fault === undefined) return undefined;
    return fault.kind === "unstorable" ? `${fault.detail} at ${fault.path}` : explainFault(fault);
  }

  /** Where two records of the same place differ: in their payloads or, if these are the same, in what is said of them. */
  #changes(then: PlacedOutput, now: StepOutput): readonly Difference[] {
    const found = differences(contentOf(then.record), contentOf(now));
    if (found.length > 0) return found;
    return differences(this.#said(then.record, then.seq), this.#said(now, undefined)).map((one) => ({
      ...one,
      path: one.path.replace("$", "(record)"),
    }));
  }

  /** The origin of an aggregate is its own place, which one more or less before it shifts: of a computed one it is not known. */
  #said(record: StepOutput, seq: LaneSeq | undefined): unknown {
    if (record.kind === "watermark") return {};
    const { cause, originLane, originSeq } = record;
    const isOwnPlace = typeof cause !== "number" && originLane === this.#lane && (seq ?? originSeq) === originSeq;
    return {
      type: record.kind === "data" ? this.#manifest.types[record.type]?.name : undefined,
      hops: record.kind === "data" ? (record.hops ?? 0) : undefined,
      origin: isOwnPlace ? "its own place" : this.placeOf(originLane, originSeq),
      ...(typeof cause === "number" ? {} : { cause }),
    };
  }

  /** Outputs of one input belong together, also where several inputs led to them; aggregates have only their order. */
  #causeKey(record: StepOutput): string {
    if (record.kind === "watermark") return "watermark";
    const { cause, originLane, originSeq } = record;
    if (typeof cause === "number") return `input ${cause}`;
    return originLane === this.#lane ? "aggregate" : this.placeOf(originLane, originSeq);
  }

  #causes(record: StepOutput, step: ComparedStep): readonly string[] {
    if (record.kind === "watermark" || record.cause === undefined) return [];
    const { cause } = record;
    if (typeof cause !== "number") return cause.map((span) => this.spanText(span));
    const { lane, seq } = step.placeOf(cause);
    return [this.placeOf(lane, seq)];
  }
}

/** What is compared of a record before all else. */
export function contentOf(record: StepOutput): unknown {
  switch (record.kind) {
    case "data":
      return record.payload;
    case "error":
      return { error: record.error, message: record.message, input: record.input };
    case "watermark":
      return { watermark: record.eventTimeMs };
  }
}

function grouped<V>(values: readonly V[], keyOf: (value: V) => string): ReadonlyMap<string, readonly V[]> {
  const groups = new Map<string, V[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
