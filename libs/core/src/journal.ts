import { err, ok, type Result } from "neverthrow";

import type { StoredFrame } from "./frame.ts";
import { FrameDecoder, type FrameFault } from "./frame-decoder.ts";
import type { LaneId, LaneSeq, Lsn } from "./place.ts";
import type { LogRecord } from "./record.ts";
import type { NotRetainedFault, ReadFault, RunReader } from "./run-log.ts";

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

  /**
   * The records from `from` on that there were when reading began. After a fault nothing follows. Of a run whose beginning was
   * let go of: `not-retained`, unless what is left of the lane begins with `from` or before.
   */
  read(from: LaneSeq = 0 as LaneSeq): AsyncIterable<Result<JournalEntry, FrameFault>> {
    return this.#entries(this.#reader.read(this.#reader.first), from);
  }

  /** As `read`, and then on with what is appended, until the consumer leaves the loop or the run is sealed. */
  tail(from: LaneSeq = 0 as LaneSeq): AsyncIterable<Result<JournalEntry, FrameFault>> {
    return this.#entries(this.#reader.follow(this.#reader.first), from);
  }

  /** How many records the lane has, those included that were let go of; `not-retained` where nothing tells of them. */
  async count(): Promise<Result<number, ReadFault>> {
    let count: number | undefined;
    for await (const batch of this.#reader.read(this.#reader.first)) {
      if (batch.isErr()) return err(batch.error);
      for (const frame of batch.value) if (frame.lane === this.lane) count = frame.firstSeq + frame.count;
    }
    return count === undefined && this.#reader.first > 0 ? err(this.#notRetained) : ok(count ?? 0);
  }

  get #notRetained(): NotRetainedFault {
    return { kind: "not-retained", asked: 0 as Lsn, first: this.#reader.first };
  }

  async *#entries(
    frames: AsyncIterable<Result<readonly StoredFrame[], ReadFault>>,
    from: LaneSeq,
  ): AsyncGenerator<Result<JournalEntry, FrameFault>> {
    const decoder = new FrameDecoder(this.#reader);
    let next = from;
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
        if (frame.firstSeq > next) {
          yield err(this.#notRetained);
          return;
        }
        next = (frame.firstSeq + frame.count) as LaneSeq;
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
