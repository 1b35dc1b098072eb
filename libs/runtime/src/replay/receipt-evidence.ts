import type { DecodedFrame, LaneId, LaneSeq, LogRecord, ReceiptRecord, Span } from "@refold/core";

import type { DeliveryState } from "../snapshot/run-state.ts";
import { dataSpans } from "../step/spans.ts";
import type { TakenInput } from "./recorded-inputs.ts";

/** The data inputs of a sink's step, in the order taken. */
export interface StepInputs {
  readonly lanes: readonly LaneId[];
  readonly seqs: readonly LaneSeq[];
  readonly inputs: readonly TakenInput[];
}

/** Follows the receipts of a sink: every input gets one that ends it, and what is buffered is committed. */
export class ReceiptEvidence {
  #step: StepInputs = { lanes: [], seqs: [], inputs: [] };
  /** Inputs of the step that have a receipt. */
  readonly #known: Set<number> = new Set();
  /** Inputs that were given to the sink, and those whose receipt ends them, by upstream lane. */
  readonly #given: Map<LaneId, number> = new Map();
  readonly #ended: Map<LaneId, number> = new Map();
  /** Buffered inputs, by the spans that name them. */
  readonly #buffered: Map<string, readonly TakenInput[]> = new Map();

  /** Batches that were buffered when a snapshot was taken. */
  #awaited: DeliveryState["buffered"] = [];

  get given(): ReadonlyMap<LaneId, number> {
    return this.#given;
  }

  get ended(): ReadonlyMap<LaneId, number> {
    return this.#ended;
  }

  /** How many inputs are buffered and not committed. */
  get left(): number {
    let left = 0;
    for (const { length } of this.#buffered.values()) left += length;
    return left;
  }

  /**
   * Another process goes on with the sink. The inputs that have no receipt that ends them count as not given: they are to be
   * delivered again.
   */
  takeOver(): readonly TakenInput[] {
    const open = this.#step.inputs.filter((_, index) => !this.#known.has(index));
    const left = [...this.#buffered.values(), open].flat();
    for (const { lane } of left) this.#given.set(lane, this.givenOf(lane) - 1);
    this.#buffered.clear();
    this.#step = { lanes: [], seqs: [], inputs: [] };
    this.#known.clear();
    return left;
  }

  /** Goes on from what a snapshot says. The inputs that are buffered come with the frames that hold them. */
  restore({ given, ended, buffered }: DeliveryState): void {
    for (const [lane, count] of given) this.#given.set(lane, count);
    for (const [lane, count] of ended) this.#ended.set(lane, count);
    for (const spans of buffered) this.#buffered.set(keyOf(spans), []);
    this.#awaited = buffered;
  }

  /** Takes a frame in that may hold inputs of batches that a snapshot says are buffered. */
  recall(frame: DecodedFrame, asInput: (record: LogRecord) => boolean): void {
    for (const spans of this.#awaited) {
      const found = placesIn(frame, spans).filter(({ record }) => asInput(record));
      if (found.length === 0) continue;
      const key = keyOf(spans);
      this.#buffered.set(key, [...(this.#buffered.get(key) ?? []), ...found]);
    }
  }

  givenOf(upstream: LaneId): number {
    return this.#given.get(upstream) ?? 0;
  }

  endedOf(upstream: LaneId): number {
    return this.#ended.get(upstream) ?? 0;
  }

  begin(step: StepInputs): void {
    this.#step = step;
    this.#known.clear();
    for (const lane of step.lanes) this.#given.set(lane, this.givenOf(lane) + 1);
  }

  /** What is wrong with a receipt, in words, if it tells of inputs that are not there to be told of. */
  receive(receipt: ReceiptRecord): string | undefined {
    if (receipt.outcome === "committed") return this.#commit(receipt);
    const { first, count, outcome } = receipt;
    if (first + count > this.#step.lanes.length) return `the step has ${this.#step.lanes.length} inputs`;
    // The receipts after it say what became of each.
    if (outcome === "partial") return undefined;
    const lanes = this.#step.lanes.slice(first, first + count);
    let twice: number | undefined;
    for (let index = first; index < first + count; index++) {
      if (this.#known.has(index)) twice ??= index;
      this.#known.add(index);
    }
    if (outcome === "buffered") {
      const spans = dataSpans(lanes, this.#step.seqs.slice(first, first + count));
      this.#buffered.set(keyOf(spans), this.#step.inputs.slice(first, first + count));
    } else this.#end(lanes);
    return twice === undefined ? undefined : `input ${twice} of the step has a receipt already`;
  }

  #commit({ spans = [], first, count }: ReceiptRecord): string | undefined {
    const key = keyOf(spans);
    const batch = this.#buffered.get(key);
    if (batch === undefined) return "no batch of these inputs is buffered";
    this.#buffered.delete(key);
    this.#end(batch.map(({ lane }) => lane));
    if (first !== 0) return "a batch is committed from its first input on";
    return batch.length === count ? undefined : `the batch holds ${batch.length} inputs`;
  }

  #end(lanes: readonly LaneId[]): void {
    for (const lane of lanes) this.#ended.set(lane, this.endedOf(lane) + 1);
  }
}

function placesIn(frame: DecodedFrame, spans: readonly Span[]): readonly TakenInput[] {
  const { lane, firstSeq, records } = frame;
  return records.flatMap((record, index) => {
    const seq = (firstSeq + index) as LaneSeq;
    const isNamed = spans.some((span) => span.lane === lane && span.first <= seq && seq <= span.last);
    return isNamed ? [{ lane, seq, record, frame }] : [];
  });
}

function keyOf(spans: readonly Span[]): string {
  return spans.map(({ lane, first, last }) => `${lane}:${first}-${last}`).join();
}
