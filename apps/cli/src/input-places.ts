import type { LaneId, LaneSeq, LogRecord, PartialRead, RunManifest, Span } from "@refold/core";

import type { ReadFrame } from "./read-records.ts";

/** One record of one lane. */
export interface InputPlace {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/**
 * Finds the record that an input's index stands for, while a log is read from its beginning. The inputs of a step are the
 * data records within the spans that it consumed, or those of them that its stage reads; what else a lane holds is remembered.
 */
export class InputPlaces {
  readonly #otherThanData = new Map<LaneId, LaneSeq[]>();
  readonly #partial: readonly { readonly read: PartialRead; readonly others: LaneSeq[] }[];
  /** The step that a lane is in: a frame without a consumed record goes on with the one before it. */
  readonly #steps = new Map<LaneId, Step>();

  constructor({ reads = [] }: Pick<RunManifest, "reads"> = {}) {
    this.#partial = reads.map((read) => ({ read, others: [] }));
  }

  /** Takes the next frame of the log. */
  note({ frame, records }: ReadFrame): void {
    records.forEach((record, index) => {
      if (record.kind === "consumed") this.#steps.set(frame.lane, new Step(record.spans));
      const seq = (frame.firstSeq + index) as LaneSeq;
      if (record.kind !== "data") this.#others(frame.lane).push(seq);
      for (const { read, others } of this.#partial) {
        if (read.from === frame.lane && !isInput(record, read)) others.push(seq);
      }
    });
  }

  /** The input of this index in the step that `lane` is in. */
  find(lane: LaneId, input: number): InputPlace | undefined {
    return this.#steps.get(lane)?.input(input, (upstream) => this.#others(upstream, lane));
  }

  /** What of a lane is no input: of a reader that reads only part of it, or of all others. */
  #others(lane: LaneId, reader?: LaneId): LaneSeq[] {
    const partial = this.#partial.find(({ read }) => read.from === lane && read.reader === reader);
    if (partial !== undefined) return partial.others;
    let others = this.#otherThanData.get(lane);
    if (others === undefined) this.#otherThanData.set(lane, (others = []));
    return others;
  }
}

function isInput(record: LogRecord, { types, errors }: PartialRead): boolean {
  if (record.kind === "data") return types?.includes(record.type) !== false;
  // One that is handed on has spans for its cause, and was rejected elsewhere.
  return record.kind === "error" && errors && typeof record.cause === "number";
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
