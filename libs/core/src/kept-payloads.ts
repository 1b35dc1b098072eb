import { ok, type Result } from "neverthrow";

import type { DecodeFault, RecordDecoder } from "./codec/record-codec.ts";
import type { StoredFrame } from "./frame.ts";
import type { LaneId, LaneSeq, Lsn } from "./place.ts";
import type { RecordPlace } from "./record.ts";

/** A record passes on the payload of another one, and the log that is read does not hold that payload. */
export interface PayloadFault {
  readonly kind: "payload-missing";
  /** The frame of the record that passes the payload on. */
  readonly lsn: Lsn;
  /** The record that should hold it. */
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  /** The first frame that the log still has: what came before it was let go of. */
  readonly first: Lsn;
}

/** The body of a frame whose payloads others may pass on. */
export class KeptFrame {
  readonly lane: LaneId;
  readonly firstSeq: LaneSeq;
  readonly count: number;
  readonly #body: Uint8Array;
  /** Where in the body the payload of each record begins; found when first asked for. */
  #offsets: readonly number[] | undefined;

  constructor({ lane, firstSeq, count, body }: StoredFrame, offsets: readonly number[] | undefined) {
    this.lane = lane;
    this.firstSeq = firstSeq;
    this.count = count;
    // A copy, since a body of a store may hold the memory of all that was read with it.
    this.#body = body.slice();
    this.#offsets = offsets;
  }

  /** What it takes in memory. */
  get bytes(): number {
    return this.#body.length + this.count * BYTES_AN_OFFSET;
  }

  /** The payload of a record as a value of its own; `undefined` when that record holds none. */
  payload(seq: LaneSeq, decoder: RecordDecoder): Result<{ readonly payload: unknown } | undefined, DecodeFault> {
    if (this.#offsets === undefined) {
      const offsets: number[] = [];
      const decoded = decoder.decode(this.#body, offsets);
      if (decoded.isErr()) return decoded as Result<never, DecodeFault>;
      this.#offsets = offsets;
    }
    const offset = this.#offsets[seq - this.firstSeq];
    if (offset === undefined || offset < 0) return ok(undefined);
    return decoder.payloadAt(this.#body, offset).map((payload) => ({ payload }));
  }
}

/** The latest frames whose payloads others may pass on, up to so many bytes. */
export class KeptPayloads {
  readonly #limitBytes: number;
  /** The oldest first, in the order in which they were kept. */
  readonly #frames: Set<KeptFrame> = new Set();
  /** By lane, in the order of their seqs. */
  readonly #byLane: Map<LaneId, KeptFrame[]> = new Map();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  find({ lane, seq }: RecordPlace): KeptFrame | undefined {
    const frames = this.#byLane.get(lane);
    const frame = frames?.[lastUpTo(frames, seq)];
    return frame !== undefined && seq < frame.firstSeq + frame.count ? frame : undefined;
  }

  /** Keeps a frame in place of the oldest. One that is kept already stays as it is. */
  add(frame: KeptFrame): void {
    const { lane, firstSeq } = frame;
    if (frame.bytes > this.#limitBytes || this.find({ lane, seq: firstSeq }) !== undefined) return;
    const frames = this.#byLane.get(lane);
    if (frames === undefined) this.#byLane.set(lane, [frame]);
    else frames.splice(lastUpTo(frames, firstSeq) + 1, 0, frame);
    this.#frames.add(frame);
    this.#bytes += frame.bytes;
    for (const oldest of this.#frames) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(frame: KeptFrame): void {
    this.#frames.delete(frame);
    this.#bytes -= frame.bytes;
    const frames = this.#byLane.get(frame.lane) as KeptFrame[];
    frames.splice(frames.indexOf(frame), 1);
  }
}

/** The index of the last frame that begins at a seq or before it; -1 if there is none. */
function lastUpTo(frames: readonly KeptFrame[], seq: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as KeptFrame).firstSeq <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const BYTES_AN_OFFSET = 8;
