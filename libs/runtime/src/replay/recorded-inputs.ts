import {
  isInBand,
  type EndKind,
  type EndRecord,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Span,
} from "@refold/core";

import type { DecodedFrame } from "./decoded-frame.ts";

const SEVERITY: Readonly<Record<EndKind, number>> = { natural: 0, truncated: 1, poison: 2 };

interface Queue {
  readonly frames: DecodedFrame[];
  /** How many records of the first frame were taken, or passed by. */
  offset: number;
  /** Data records taken, and the end once that was. */
  read: number;
  ended: EndRecord | undefined;
}

/** What is on record of a stage's inputs and was not taken yet: as much as was in flight when the run was live. */
export class RecordedInputs {
  readonly #queues: ReadonlyMap<LaneId, Queue>;
  readonly #backward: ReadonlySet<LaneId>;

  /** `backward` are the ways back of a cycle that is entered here: they end only after this stage. */
  constructor(upstream: readonly LaneId[], backward: ReadonlySet<LaneId> = new Set()) {
    this.#queues = new Map(upstream.map((lane) => [lane, { frames: [], offset: 0, read: 0, ended: undefined }]));
    this.#backward = backward;
  }

  /** The lanes that are read. */
  get lanes(): readonly LaneId[] {
    return [...this.#queues.keys()];
  }

  /** What was taken of a lane: how many data records, and its end. */
  takenOf(lane: LaneId): { readonly read: number; readonly ended: EndRecord | undefined } {
    return this.#queues.get(lane) ?? { read: 0, ended: undefined };
  }

  /** How the inputs ended, the worst of all that were taken. */
  get end(): EndKind {
    let worst: EndKind = "natural";
    for (const [lane, { ended }] of this.#queues) {
      if (ended !== undefined && !this.#backward.has(lane) && SEVERITY[ended.end] > SEVERITY[worst]) worst = ended.end;
    }
    return worst;
  }

  /** A lane that has not been taken to its end. */
  get unread(): LaneId | undefined {
    for (const [lane, { frames, offset, ended }] of this.#queues) {
      const left = frames.some(({ records }, frame) => records.slice(frame === 0 ? offset : 0).some(isInBand));
      if (left || (ended === undefined && !this.#backward.has(lane))) return lane;
    }
    return undefined;
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
        if (record.kind === "data") queue.read++;
        else if (record.kind === "end") queue.ended = record;
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
