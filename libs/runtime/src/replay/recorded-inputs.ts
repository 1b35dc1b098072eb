import type { EndKind, EndRecord, InBandRecord, LaneId, LaneSeq, LogRecord, Span } from "@refold/core";

import type { InputDefinition } from "../definition/flow-definition.ts";
import { advertisedTo, recordView, type RecordView, type Takes } from "../edge/record-view.ts";
import type { DecodedFrame } from "./decoded-frame.ts";

const SEVERITY: Readonly<Record<EndKind, number>> = { natural: 0, truncated: 1, poison: 2 };

interface Queue {
  readonly takes: Takes;
  readonly view: RecordView;
  readonly backward: boolean;
  readonly frames: DecodedFrame[];
  /** How many records of the first frame were taken, or passed by. */
  offset: number;
  /** Data records of the lane, and inputs, that were taken, and the end once that was. */
  read: number;
  taken: number;
  ended: EndRecord | undefined;
}

/** What is on record of a stage's inputs and was not taken yet: as much as was in flight when the run was live. */
export class RecordedInputs {
  readonly #queues: ReadonlyMap<LaneId, Queue>;

  /** What the stage reads, by the numbers of the recorded run. A way back of a cycle ends only after this stage. */
  constructor(reads: readonly InputDefinition[]) {
    this.#queues = new Map(
      reads.map(({ from, takes, backward }) => {
        const view = recordView(takes);
        return [from, { takes, view, backward, frames: [], offset: 0, read: 0, taken: 0, ended: undefined }];
      }),
    );
  }

  /** The lanes that are read. */
  get lanes(): readonly LaneId[] {
    return [...this.#queues.keys()];
  }

  /**
   * What was taken of a lane: how many of its data records, how many inputs in all, and, once it has ended, how many data
   * records it advertised to this reader.
   */
  takenOf(lane: LaneId): { readonly read: number; readonly taken: number; readonly advertised: number | undefined } {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return { read: 0, taken: 0, advertised: undefined };
    const { read, taken, ended, takes } = queue;
    return { read, taken, advertised: ended === undefined ? undefined : advertisedTo(takes, ended.counts) };
  }

  /** How the inputs ended, the worst of all that were taken. */
  get end(): EndKind {
    let worst: EndKind = "natural";
    for (const { ended, backward } of this.#queues.values()) {
      if (ended !== undefined && !backward && SEVERITY[ended.end] > SEVERITY[worst]) worst = ended.end;
    }
    return worst;
  }

  /** A lane that has not been taken to its end. */
  get unread(): LaneId | undefined {
    for (const [lane, { frames, offset, ended, view, backward }] of this.#queues) {
      const taken = (record: LogRecord): boolean => view(record) !== undefined;
      const left = frames.some(({ records }, frame) => records.slice(frame === 0 ? offset : 0).some(taken));
      if (left || (ended === undefined && !backward)) return lane;
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
  take(span: Span, visit: (record: InBandRecord | EndRecord, seq: LaneSeq, timeMs: number) => void): boolean {
    const queue = this.#queues.get(span.lane);
    if (queue === undefined) return false;
    let first = true;
    for (let frame = queue.frames[0]; frame !== undefined; frame = queue.frames[0]) {
      for (; queue.offset < frame.records.length; queue.offset++) {
        const original = frame.records[queue.offset] as LogRecord;
        const record = original.kind === "end" ? original : queue.view(original);
        if (record === undefined) continue;
        const seq = (frame.firstSeq + queue.offset) as LaneSeq;
        if (seq > span.last) return false;
        if (first && seq !== span.first) return false;
        first = false;
        if (original.kind === "data") queue.read++;
        if (record.kind === "data") queue.taken++;
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
