import type { DataRecord, DeliveryBatch, LaneId, LaneSeq } from "@refold/core";

import { dataSpans } from "../step/spans.ts";
import { BufferedBatch, type BufferedInputs, type CommitLedger } from "./sink-commits.ts";
import type { StageContext } from "./stage-context.ts";

/** Inputs with the places that their keys are made of, when somebody asks. */
export class SinkBatch implements DeliveryBatch<unknown> {
  readonly items: unknown[] = [];
  /** Set when the writer has said that it buffers the batch. */
  handle: BufferedBatch | undefined;
  readonly #records: DataRecord[] = [];
  readonly #lanes: LaneId[] = [];
  readonly #seqs: LaneSeq[] = [];
  readonly #context: StageContext;
  readonly #ledger: CommitLedger;

  constructor(context: StageContext, ledger: CommitLedger) {
    this.#context = context;
    this.#ledger = ledger;
  }

  get records(): readonly DataRecord[] {
    return this.#records;
  }

  get length(): number {
    return this.items.length;
  }

  add(record: DataRecord, lane: LaneId, seq: LaneSeq): void {
    this.items.push(record.payload);
    this.#records.push(record);
    this.#lanes.push(lane);
    this.#seqs.push(seq);
  }

  /** The items from `first` on and before `end`; all of them are this batch itself. */
  part(first: number, end: number): SinkBatch {
    if (first === 0 && end === this.length) return this;
    const part = new SinkBatch(this.#context, this.#ledger);
    for (let i = first; i < end; i++) {
      part.add(this.#records[i] as DataRecord, this.#lanes[i] as LaneId, this.#seqs[i] as LaneSeq);
    }
    return part;
  }

  key(index: number): string {
    const lane = this.#lanes[index];
    const seq = this.#seqs[index];
    if (lane === undefined || seq === undefined) throw new RangeError(`the batch has no item ${index}`);
    return `${this.#context.manifest.runId}/${this.#context.place(lane, seq)}`;
  }

  buffer(): BufferedBatch {
    if (this.handle !== undefined) throw this.#ledger.refuse("buffered one batch twice");
    this.handle = new BufferedBatch(this.#ledger);
    return this.handle;
  }

  /** Adds up the items of a range by the lanes that they came from. */
  countLanes(first: number, count: number, into: Map<LaneId, number>): void {
    const end = first + count;
    for (let i = first; i < end;) {
      const lane = this.#lanes[i] as LaneId;
      let next = i + 1;
      while (next < end && this.#lanes[next] === lane) next++;
      into.set(lane, (into.get(lane) ?? 0) + next - i);
      i = next;
    }
  }

  /** What there is to know of a range of items when they are committed; their payloads are let go. */
  buffered(first: number, count: number): BufferedInputs {
    const end = first + count;
    const countByLane = new Map<LaneId, number>();
    this.countLanes(first, count, countByLane);
    return {
      count,
      countByLane,
      spans: dataSpans(this.#lanes.slice(first, end), this.#seqs.slice(first, end)),
      origins: this.#records.slice(first, end).map(({ originLane, originSeq }) => ({ originLane, originSeq })),
    };
  }
}
