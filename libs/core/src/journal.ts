import { err, ok, type Result } from "neverthrow";

import type { StoredFrame } from "./frame.ts";
import { FrameDecoder, type FrameFault } from "./frame-decoder.ts";
import type { LaneId, LaneSeq, Lsn } from "./place.ts";
import type { LogRecord } from "./record.ts";
import type { ReadFault, RunReader } from "./run-log.ts";

/** A record with its place and its frame's. */
export interface JournalEntry {
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
  readonly timeMs: number;
  readonly record: LogRecord;
}

/** One lane of a run: what a stage, or the system, has on record, in its own order. */
export class Journal {
  readonly lane: LaneId;
  readonly #reader: RunReader;

  constructor(reader: RunReader, lane: LaneId) {
    this.#reader = reader;
    this.lane = lane;
  }

  /** The records from `from` on that there were when reading began. After a fault nothing follows. */
  read(from: LaneSeq = 0 as LaneSeq): AsyncIterable<Result<JournalEntry, FrameFault>> {
    return this.#entries(this.#reader.read(0 as Lsn), from);
  }

  /** As `read`, and then on with what is appended, until the consumer leaves the loop or the run is sealed. */
  tail(from: LaneSeq = 0 as LaneSeq): AsyncIterable<Result<JournalEntry, FrameFault>> {
    return this.#entries(this.#reader.follow(0 as Lsn), from);
  }

  /** How many records the lane has. */
  async count(): Promise<Result<number, ReadFault>> {
    let count = 0;
    for await (const batch of this.#reader.read(0 as Lsn)) {
      if (batch.isErr()) return err(batch.error);
      for (const frame of batch.value) if (frame.lane === this.lane) count += frame.count;
    }
    return ok(count);
  }

  async *#entries(
    frames: AsyncIterable<Result<readonly StoredFrame[], ReadFault>>,
    from: LaneSeq,
  ): AsyncGenerator<Result<JournalEntry, FrameFault>> {
    const decoder = new FrameDecoder(this.#reader);
    for await (const batch of frames) {
      if (batch.isErr()) {
        yield err(batch.error);
        return;
      }
      for (const frame of batch.value) {
        if (frame.lane !== this.lane || frame.firstSeq + frame.count <= from) {
          decoder.pass(frame);
          continue;
        }
        const decoded = await decoder.decode(frame);
        if (decoded.isErr()) {
          yield err(decoded.error);
          return;
        }
        const { lsn, timeMs, firstSeq, records } = decoded.value;
        for (const [index, record] of records.entries()) {
          const seq = (firstSeq + index) as LaneSeq;
          if (seq >= from) yield ok({ seq, lsn, timeMs, record });
        }
      }
    }
  }
}
