import type {
  DecodedFrame,
  EndKind,
  EndRecord,
  InBandRecord,
  LaneId,
  LaneSeq,
  LogRecord,
  Span,
  TypeId,
} from "@refold/core";

import type { InputDefinition } from "../definition/flow-definition.ts";
import type { HandledInput } from "../effect/input-handling.ts";
import { advertisedTo, recordView, type RecordView, type Takes } from "../edge/record-view.ts";
import { worseEnd } from "../edge/worse-end.ts";

interface Queue {
  readonly takes: Takes;
  readonly view: RecordView;
  readonly backward: boolean;
  readonly frames: DecodedFrame[];
  /** How many records of the first frame were taken, or passed by. */
  offset: number;
  /** Data records taken, and the end once that was. */
  read: number;
  ended: EndRecord | undefined;
}

/** An input that was taken, as it is on record. */
export interface TakenInput {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  /** As it is in the lane: a rejected input is an error there. */
  readonly record: LogRecord;
  readonly frame: DecodedFrame;
}

/** What is left of one input when the record ends. */
export interface InputRest {
  /** They begin with the first record that was not taken. */
  readonly frames: readonly DecodedFrame[];
  readonly read: number;
  readonly ended: EndRecord | undefined;
}

/** What is on record of a stage's inputs and was not taken yet: as much as was in flight when the run was live. */
export class RecordedInputs {
  readonly #queues: ReadonlyMap<LaneId, Queue>;
  readonly #skims: boolean;
  /** How many inputs were taken, rejected ones that are read as data among them. */
  taken = 0;

  /**
   * What the stage reads, by the numbers of the recorded run. A way back of a cycle ends only after this stage. With `skims`
   * nothing waits to be taken: what an observer saw is not on record, and is gone.
   */
  constructor(reads: readonly InputDefinition[], { skims = false }: { readonly skims?: boolean } = {}) {
    this.#skims = skims;
    this.#queues = new Map(
      reads.map(({ from, takes, backward }) => {
        const view = recordView(takes);
        return [from, { takes, view, backward, frames: [], offset: 0, read: 0, ended: undefined }];
      }),
    );
  }

  /** The lanes that are read. */
  get lanes(): readonly LaneId[] {
    return [...this.#queues.keys()];
  }

  /** What was taken of a lane: how many data records and, once it has ended, how many it advertised to this reader. */
  takenOf(lane: LaneId): { readonly read: number; readonly advertised: number | undefined } {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return { read: 0, advertised: undefined };
    const { read, ended, takes } = queue;
    return { read, advertised: ended === undefined ? undefined : advertisedTo(takes, ended.counts) };
  }

  /** How the inputs ended, the worst of all that were taken. */
  get end(): EndKind {
    let worst: EndKind = "natural";
    for (const { ended, backward } of this.#queues.values()) {
      if (ended !== undefined && !backward) worst = worseEnd(worst, ended.end);
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

  /** Whether every input has come to a natural end, and that was taken. */
  get endedNaturally(): boolean {
    return [...this.#queues.values()].every(({ backward, ended }) => backward || ended?.end === "natural");
  }

  /** A process goes on with the run: an end that was not natural is none any more. */
  takeOver(): void {
    for (const queue of this.#queues.values()) {
      if (queue.ended?.end !== "natural") queue.ended = undefined;
      for (const [index, frame] of queue.frames.entries()) queue.frames[index] = withoutVoidEnds(frame);
    }
  }

  /** Gives inputs back that were taken: they are the next ones again. */
  putBack(inputs: readonly TakenInput[]): void {
    for (const [lane, queue] of this.#queues) {
      const back = inputs.filter((input) => input.lane === lane).sort((a, b) => a.seq - b.seq);
      if (back.length === 0) continue;
      const [first] = queue.frames;
      if (first !== undefined && queue.offset > 0) {
        const firstSeq = (first.firstSeq + queue.offset) as LaneSeq;
        queue.frames[0] = { ...first, firstSeq, records: first.records.slice(queue.offset) };
      }
      queue.offset = 0;
      queue.frames.unshift(...back.map(({ frame, seq, record }) => ({ ...frame, firstSeq: seq, records: [record] })));
      for (const { record } of back) {
        if (record.kind === "data") queue.read--;
        if (queue.view(record)?.kind === "data") this.taken--;
      }
    }
  }

  /** What waits to be taken of a lane, and what was taken. */
  restOf(lane: LaneId): InputRest {
    const { frames, offset, read, ended } = this.#queues.get(lane) as Queue;
    const [first, ...others] = frames;
    if (first === undefined) return { frames, read, ended };
    const firstSeq = (first.firstSeq + offset) as LaneSeq;
    return { frames: [{ ...first, firstSeq, records: first.records.slice(offset) }, ...others], read, ended };
  }

  /** Goes on from a snapshot: how many data records of a lane were taken by then, and its end, if that was. */
  restore(lane: LaneId, data: ReadonlyMap<TypeId, number>, ended: EndRecord | undefined): void {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return;
    const counts = [...data].map(([type, count]) => ({ type, count }));
    queue.read = advertisedTo(queue.takes, counts);
    queue.ended = ended;
  }

  /** Takes a frame from before a snapshot in: those of its records wait that were not taken by then. */
  recall(frame: DecodedFrame, unread: readonly Span[]): void {
    const queue = this.#queues.get(frame.lane);
    if (queue === undefined || this.#skims) return;
    for (const { lane, first, last } of unread) {
      const begin = Math.max(0, first - frame.firstSeq);
      const records = frame.records.slice(begin, Math.max(0, last - frame.firstSeq + 1));
      if (lane !== frame.lane || records.length === 0) continue;
      queue.frames.push({ ...frame, firstSeq: (frame.firstSeq + begin) as LaneSeq, records });
      for (const record of records) if (record.kind === "data" && queue.view(record) !== undefined) queue.read--;
    }
  }

  /** Whether a record of a lane is data to the reader. */
  isData(lane: LaneId, record: LogRecord): boolean {
    return this.#queues.get(lane)?.view(record)?.kind === "data";
  }

  offer(frame: DecodedFrame): void {
    const queue = this.#queues.get(frame.lane);
    if (!this.#skims) queue?.frames.push(frame);
    else if (queue !== undefined) for (const record of frame.records) if (record.kind === "end") queue.ended = record;
  }

  /** Looks at the data records of a span that is to be taken next, and takes nothing. */
  *peek(span: Span): Generator<HandledInput> {
    const queue = this.#queues.get(span.lane);
    for (const [index, { records, firstSeq, timeMs }] of (queue?.frames ?? []).entries()) {
      for (let offset = index === 0 ? (queue?.offset ?? 0) : 0; offset < records.length; offset++) {
        const seq = (firstSeq + offset) as LaneSeq;
        if (seq > span.last) return;
        // Of a lane that a step takes from more than once, what an earlier span of it names is not taken yet either.
        if (seq < span.first) continue;
        const input = queue?.view(records[offset] as LogRecord);
        if (input?.kind === "data") yield { payload: input.payload, lane: span.lane, seq, timeMs };
      }
    }
  }

  /**
   * Takes the records of a span, in order. Returns false if they are not there: the span does not begin where the one before
   * it ended, or names what is not on record.
   */
  take(
    span: Span,
    visit: (record: InBandRecord | EndRecord, seq: LaneSeq, frame: DecodedFrame, original: LogRecord) => void,
  ): boolean {
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
        else if (record.kind === "end") queue.ended = record;
        if (record.kind === "data") this.taken++;
        visit(record, seq, frame, original);
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

/** A frame of a process that has the run no more: an end that was not natural is none. */
export function withoutVoidEnds(frame: DecodedFrame): DecodedFrame {
  return { ...frame, records: frame.records.map((record) => (isVoidEnd(record) ? VOID : record)) };
}

function isVoidEnd(record: LogRecord): boolean {
  return record.kind === "end" && record.end !== "natural";
}

/** Stands where nobody takes anything. */
const VOID: LogRecord = { kind: "consumed", spans: [] };
