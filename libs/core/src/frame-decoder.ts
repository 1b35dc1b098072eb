import { err, ok, type Result } from "neverthrow";

import { RecordDecoder, type DecodeFault } from "./codec/record-codec.ts";
import type { DecodedFrame, StoredFrame } from "./frame.ts";
import { KeptFrame, KeptPayloads, type PayloadFault } from "./kept-payloads.ts";
import type { LaneId, Lsn } from "./place.ts";
import type { DataRecord, LogRecord, RecordPlace } from "./record.ts";
import type { ReadFault, RunReader } from "./run-log.ts";

/** Why a frame of a log cannot be shown with all that belongs to it. */
export type FrameFault = ReadFault | DecodeFault | PayloadFault;

/**
 * Decodes the frames of one log, in their order, and gives every record that passes on a payload that payload: each a value of
 * its own. It keeps the bodies of the latest frames for it, and reads the log again where one is needed that is no longer kept.
 */
export class FrameDecoder {
  readonly #log: Pick<RunReader, "read" | "first">;
  readonly #keepBytes: number;
  readonly #payloadsFrom: Lsn;
  readonly #kept: KeptPayloads;
  readonly #decoder: RecordDecoder = new RecordDecoder();
  /** Lanes whose payloads were passed on. Of others nothing is kept: the first time costs a reading, mostly a short one. */
  readonly #passedOnFrom: Set<LaneId> = new Set();
  /** What the frame that was decoded last needed of others. */
  #sources: readonly KeptFrame[] = [];

  /**
   * `keepBytes` limits what is kept of earlier frames: 64 MiB, unless it is given. No frame to be decoded passes on a payload
   * from before `payloadsFrom`.
   */
  constructor(
    log: Pick<RunReader, "read" | "first">,
    {
      keepBytes = KEEP_BYTES,
      payloadsFrom = 0 as Lsn,
    }: { readonly keepBytes?: number; readonly payloadsFrom?: Lsn } = {},
  ) {
    this.#log = log;
    this.#payloadsFrom = payloadsFrom;
    this.#keepBytes = keepBytes;
    this.#kept = new KeptPayloads(keepBytes);
  }

  /** The next frame with its records. A promise only where the log has to be read again. */
  decode(frame: StoredFrame): Result<DecodedFrame, FrameFault> | Promise<Result<DecodedFrame, FrameFault>> {
    const offsets: number[] | undefined = this.#passedOnFrom.has(frame.lane) ? [] : undefined;
    const decoded = this.#decoder.decode(frame.body, offsets);
    if (decoded.isErr()) return decoded as Result<never, DecodeFault>;
    const records = decoded.value;
    const places = passedOn(records);
    if (places.length === 0) {
      this.#sources = [];
      this.#keep(frame, offsets);
      return ok({ ...frame, records });
    }
    const sources: KeptFrame[] = [];
    let isWhole = true;
    for (const place of places) {
      if (holds(sources.at(-1), place)) continue;
      this.#passedOnFrom.add(place.lane);
      const source = this.#kept.find(place);
      if (source === undefined) isWhole = false;
      else sources.push(source);
    }
    if (isWhole) return this.#filled(frame, records, sources, offsets);
    return this.#readAgain(frame, places, sources).then((read) =>
      read.andThen((all) => this.#filled(frame, records, all, offsets)),
    );
  }

  /** Once more the frame that was decoded last, with records and payloads that share nothing with those given before. */
  decodeAgain(frame: StoredFrame): Result<DecodedFrame, DecodeFault | PayloadFault> {
    return this.#decoder.decode(frame.body).andThen((records) => this.#fill(frame, records, this.#sources));
  }

  /** Passes a frame by whose records are not asked for, but whose payloads others may pass on. */
  pass(frame: StoredFrame): void {
    this.#keep(frame, undefined);
  }

  /** The frames of a reading, batch by batch. Before a fault come the frames of its batch that are whole; after it nothing. */
  async *decodeAll(
    batches: AsyncIterable<Result<readonly StoredFrame[], ReadFault>>,
  ): AsyncGenerator<Result<readonly DecodedFrame[], FrameFault>, undefined> {
    for await (const batch of batches) {
      if (batch.isErr()) {
        yield err(batch.error);
        return;
      }
      const frames: DecodedFrame[] = [];
      for (const stored of batch.value) {
        const decoding = this.decode(stored);
        const decoded = decoding instanceof Promise ? await decoding : decoding;
        if (decoded.isErr()) {
          if (frames.length > 0) yield ok(frames);
          yield err(decoded.error);
          return;
        }
        frames.push(decoded.value);
      }
      yield ok(frames);
    }
  }

  /** `offsets` are known where the frame was decoded. */
  #keep(frame: StoredFrame, offsets: readonly number[] | undefined): void {
    if (!this.#passedOnFrom.has(frame.lane) || offsets?.every((offset) => offset < 0) === true) return;
    this.#kept.add(new KeptFrame(frame, offsets));
  }

  #filled(
    frame: StoredFrame,
    records: readonly LogRecord[],
    sources: readonly KeptFrame[],
    offsets: readonly number[] | undefined,
  ): Result<DecodedFrame, DecodeFault | PayloadFault> {
    this.#sources = sources;
    this.#keep(frame, offsets);
    return this.#fill(frame, records, sources);
  }

  #fill(
    frame: StoredFrame,
    records: readonly LogRecord[],
    sources: readonly KeptFrame[],
  ): Result<DecodedFrame, DecodeFault | PayloadFault> {
    let source: KeptFrame | undefined;
    for (const record of records) {
      if (record.kind !== "data" || record.payloadOf === undefined) continue;
      const place = record.payloadOf;
      if (!holds(source, place)) source = sources.find((one) => holds(one, place));
      if (source === undefined) return err(this.#missing(frame, place));
      const held = source.payload(place.seq, this.#decoder);
      if (held.isErr()) return err(held.error);
      if (held.value === undefined) return err(this.#missing(frame, place));
      // The record was made just now, and nobody else has it yet.
      (record as { -readonly [K in keyof DataRecord]: DataRecord[K] }).payload = held.value.payload;
    }
    return ok({ ...frame, records });
  }

  /**
   * Looks for frames that are no longer kept, from the first that may be meant. What is passed on next mostly stands behind them,
   * so that is kept on the way: who lags far behind does not read the log again for every frame.
   */
  async #readAgain(
    frame: StoredFrame,
    places: readonly RecordPlace[],
    known: readonly KeptFrame[],
  ): Promise<Result<readonly KeptFrame[], ReadFault | PayloadFault>> {
    const found = [...known];
    const lacking = new Set(places.filter((place) => !known.some((one) => holds(one, place))));
    /** The lanes to look in, and whether the first frame that lacked was found there. */
    const lanes = new Map<number, boolean>([...lacking].map(({ lane }) => [lane, false]));
    let aheadBytes = 0;
    for await (const batch of this.#log.read(Math.max(this.#log.first, this.#payloadsFrom) as Lsn)) {
      if (batch.isErr()) return err(batch.error);
      for (const stored of batch.value) {
        if (stored.lsn >= frame.lsn || (lacking.size === 0 && aheadBytes > this.#keepBytes / 2)) {
          const [missing] = lacking;
          return missing === undefined ? ok(found) : err(this.#missing(frame, missing));
        }
        if (!lanes.has(stored.lane)) continue;
        const wanted = [...lacking].filter((place) => holds(stored, place));
        if (wanted.length === 0 && lanes.get(stored.lane) !== true) continue;
        const kept = new KeptFrame(stored, undefined);
        if (wanted.length > 0) {
          found.push(kept);
          lanes.set(stored.lane, true);
          for (const place of wanted) lacking.delete(place);
        }
        aheadBytes += kept.bytes;
        if (aheadBytes <= this.#keepBytes / 2) this.#kept.add(kept);
      }
    }
    const [missing] = lacking;
    return missing === undefined ? ok(found) : err(this.#missing(frame, missing));
  }

  #missing({ lsn }: StoredFrame, { lane, seq }: RecordPlace): PayloadFault {
    return { kind: "payload-missing", lsn, lane, seq, first: this.#log.first };
  }
}

function passedOn(records: readonly LogRecord[]): readonly RecordPlace[] {
  const places: RecordPlace[] = [];
  for (const record of records) {
    if (record.kind === "data" && record.payloadOf !== undefined) places.push(record.payloadOf);
  }
  return places;
}

type Holder = Pick<StoredFrame, "lane" | "firstSeq" | "count">;

function holds(frame: Holder | undefined, { lane, seq }: RecordPlace): boolean {
  return frame?.lane === lane && seq >= frame.firstSeq && seq < frame.firstSeq + frame.count;
}

const KEEP_BYTES = 64 * 1024 * 1024;
