import type { LaneId, LaneSeq, Span } from "@refold/core";

import type { ReadFrame } from "./read-records.ts";

/** One record of one lane. */
export interface InputPlace {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/**
 * Finds the record that an input's index stands for, while a log is read from its beginning. The inputs of a step are the
 * data records within the spans that it consumed; a lane holds few records of other kinds, and those are remembered.
 */
export class InputPlaces {
  readonly #otherThanData = new Map<LaneId, LaneSeq[]>();
  /** The step that a lane is in: a frame without a consumed record goes on with the one before it. */
  readonly #steps = new Map<LaneId, Step>();

  /** Takes the next frame of the log. */
  note({ frame, records }: ReadFrame): void {
    records.forEach((record, index) => {
      if (record.kind === "consumed") this.#steps.set(frame.lane, new Step(record.spans));
      if (record.kind !== "data") this.#others(frame.lane).push((frame.firstSeq + index) as LaneSeq);
    });
  }

  /** The input of this index in the step that `lane` is in. */
  find(lane: LaneId, input: number): InputPlace | undefined {
    return this.#steps.get(lane)?.input(input, (upstream) => this.#others(upstream));
  }

  #others(lane: LaneId): LaneSeq[] {
    let others = this.#otherThanData.get(lane);
    if (others === undefined) this.#otherThanData.set(lane, (others = []));
    return others;
  }
}

/** The inputs of a step are asked for in rising order nearly always, so the search goes on where it stood. */
class Step {
  readonly #spans: readonly Span[];
  #next = 0;
  #present:
    | { readonly span: Span; readonly skipped: readonly LaneSeq[]; readonly from: number; readonly to: number }
    | undefined;

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  input(index: number, others: (lane: LaneId) => readonly LaneSeq[]): InputPlace | undefined {
    if (this.#present !== undefined && index < this.#present.from) {
      this.#present = undefined;
      this.#next = 0;
    }
    while (this.#present === undefined || index >= this.#present.to) {
      const span = this.#spans[this.#next++];
      if (span === undefined) return undefined;
      const skipped = within(others(span.lane), span);
      const from = this.#present?.to ?? 0;
      this.#present = { span, skipped, from, to: from + span.last - span.first + 1 - skipped.length };
    }
    const { span, skipped, from } = this.#present;
    return { lane: span.lane, seq: nth(span.first, index - from, skipped) };
  }
}

function within(seqs: readonly LaneSeq[], { first, last }: Span): readonly LaneSeq[] {
  // Newest first: a step consumes what was appended lately.
  let to = seqs.length;
  while (to > 0 && (seqs[to - 1] as LaneSeq) > last) to--;
  let from = to;
  while (from > 0 && (seqs[from - 1] as LaneSeq) >= first) from--;
  return seqs.slice(from, to);
}

/** The seq of the data record number `count`, from `first` on, where `skipped` are not data. */
function nth(first: LaneSeq, count: number, skipped: readonly LaneSeq[]): LaneSeq {
  let seq = first + count;
  for (const other of skipped) if (other <= seq) seq++;
  return seq as LaneSeq;
}
