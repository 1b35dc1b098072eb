import type { EndKind, EndRecord, InBandRecord, LaneId, LaneSeq, Span } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { InputSet, StageInputs, TakeEnd, TakeRecord } from "../edge/input-set.ts";
import type { HandledInput } from "../effect/input-handling.ts";
import { addToSpans } from "../step/spans.ts";
import type { Hold } from "../snapshot/hold.ts";
import type { Wake } from "../supervision/wake.ts";

/** What was taken and waits for a step. */
type Taken = {
  readonly record: InBandRecord | EndRecord;
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  readonly timeMs: number;
  /** Whether its handler is done, or there is nothing to handle. */
  ready: boolean;
};

/**
 * The inputs of a stage whose handler takes time: it takes some ahead, has them handled side by side, and gives them to steps in
 * the order in which it took them. They hold their credit until their outputs have been accepted.
 */
export class AheadInputs implements StageInputs {
  spans: Span[] = [];
  readonly #inputs: InputSet;
  readonly #concurrency: number;
  readonly #handle: (input: HandledInput) => Promise<void>;
  /** Whether an input is to be refused by the step rather than handled. */
  readonly #isRefused: (lane: LaneId, record: InBandRecord) => boolean;
  readonly #wake: Wake;
  /** Set where handlers have a state. */
  readonly #hold: Hold | undefined;
  readonly #queue: Taken[] = [];
  /** What steps have taken and not released, by lane. */
  readonly #unreleased: Map<LaneId, number> = new Map();

  constructor(options: {
    readonly inputs: InputSet;
    readonly concurrency: number;
    readonly handle: (input: HandledInput) => Promise<void>;
    readonly isRefused: (lane: LaneId, record: InBandRecord) => boolean;
    readonly wake: Wake;
    /** Set where handlers have a state: that of all inputs in hand. */
    readonly hold: Hold | undefined;
  }) {
    this.#inputs = options.inputs;
    this.#concurrency = options.concurrency;
    this.#handle = options.handle;
    this.#isRefused = options.isRefused;
    this.#wake = options.wake;
    this.#hold = options.hold;
  }

  get edges(): readonly Edge[] {
    return this.#inputs.edges;
  }

  get hydrated(): boolean {
    return this.#inputs.hydrated;
  }

  /** Whether no step can be taken now. It has further inputs handled, if there is room for them. */
  get empty(): boolean {
    this.#fill();
    return this.#queue[0]?.ready !== true;
  }

  get end(): EndKind | undefined {
    return this.#queue.length === 0 ? this.#inputs.end : undefined;
  }

  /** What was taken ahead is not on record as taken. */
  get unread(): readonly Span[] {
    const ahead = this.#queue.map(({ lane, seq }): Span => ({ lane, first: seq, last: seq }));
    return [...ahead, ...this.#inputs.unread];
  }

  get isSettled(): boolean {
    return this.#hold === undefined || this.#queue.length === 0;
  }

  take(limit: number, visit: TakeRecord, visitEnd: TakeEnd): void {
    this.spans = [];
    let more = true;
    for (let left = limit; left > 0 && more; left--) {
      const [taken] = this.#queue;
      if (taken?.ready !== true) return;
      const { record, lane, seq, timeMs } = taken;
      more = record.kind === "end" ? visitEnd(lane, seq, record) : visit(record, lane, seq, timeMs);
      this.#queue.shift();
      if (record.kind !== "end") this.#unreleased.set(lane, (this.#unreleased.get(lane) ?? 0) + 1);
      addToSpans(this.spans, lane, seq);
    }
  }

  reopen(): void {
    this.#inputs.reopen();
    const [edge] = this.edges;
    if (edge !== undefined) this.#unreleased.set(edge.from, 1);
  }

  release(): void {
    for (const [lane, records] of this.#unreleased) this.#inputs.release(lane, records);
    this.#unreleased.clear();
  }

  #fill(): void {
    const hold = this.#hold;
    hold?.setBusy(this, this.#queue.length > 0);
    if (hold?.isOn === true) return;
    const room = this.#concurrency - this.#queue.length;
    if (room <= 0) return;
    this.#inputs.take(
      room,
      (record, lane, seq, timeMs) => {
        const taken: Taken = {
          record,
          lane,
          seq,
          timeMs,
          ready: record.kind === "error" || this.#isRefused(lane, record),
        };
        this.#queue.push(taken);
        if (!taken.ready && record.kind === "data") void this.#begin(taken, record.payload);
        return true;
      },
      (lane, seq, record) => {
        this.#queue.push({ record, lane, seq, timeMs: 0, ready: true });
        return true;
      },
    );
    hold?.setBusy(this, this.#queue.length > 0);
  }

  async #begin(taken: Taken, payload: unknown): Promise<void> {
    const { lane, seq, timeMs } = taken;
    await this.#handle({ payload, lane, seq, timeMs });
    taken.ready = true;
    this.#wake.signal();
  }
}
