import { isInBand, type LaneId, type LaneSeq, type LogRecord, type Span } from "@refold/core";

import type { DecodedFrame } from "./decoded-frame.ts";

/** What is on record of a stage's inputs and was not taken yet: as much as was in flight when the run was live. */
export class RecordedInputs {
  readonly #queues: Map<LaneId, { frames: DecodedFrame[]; offset: number }>;

  constructor(upstream: readonly LaneId[]) {
    this.#queues = new Map(upstream.map((lane) => [lane, { frames: [], offset: 0 }]));
  }

  /** The lanes that are read. */
  get lanes(): readonly LaneId[] {
    return [...this.#queues.keys()];
  }

  offer(frame: DecodedFrame): void {
    this.#queues.get(frame.lane)?.frames.push(frame);
  }

  /**
   * Takes the records of a span, in order. Returns false if they are not there: the span does not begin where the one before
   * it ended, or names what is not on record.
   */
  take(span: Span, visit: (record: LogRecord, seq: LaneSeq, timeMs: number) => void): boolean {
    const queue = this.#queues.get(span.lane);
    if (queue === undefined) return false;
    let first = true;
    for (let frame = queue.frames[0]; frame !== undefined; frame = queue.frames[0]) {
      for (; queue.offset < frame.records.length; queue.offset++) {
        const record = frame.records[queue.offset] as LogRecord;
        if (!isInBand(record) && record.kind !== "end") continue;
        const seq = (frame.firstSeq + queue.offset) as LaneSeq;
        if (seq > span.last) return false;
        if (first && seq !== span.first) return false;
        first = false;
        visit(record, seq, frame.timeMs);
        if (seq === span.last) {
          queue.offset++;
          return true;
        }
      }
      queue.frames.shift();
      queue.offset = 0;
    }
    return false;
  }
}
