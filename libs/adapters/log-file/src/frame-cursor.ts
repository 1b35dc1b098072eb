import {
  FORMAT_VERSION,
  type DamageFault,
  type Lsn,
  type NotRetainedFault,
  type ReadFault,
  type RunId,
  type StoredFrame,
  type TornTail,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { checkFrame, readFrame, type FrameCheck } from "./frame-format.ts";
import { isBefore, type LogPlace } from "./log-place.ts";
import { readStart, WHOLE, type LogStart } from "./retention.ts";
import { readSafeMark } from "./safe-mark.ts";
import { readSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.ts";
import { listSegments, segmentName } from "./segment-name.ts";
import { isSystemError, storageFault } from "./storage-fault.ts";
import { isTornTail } from "./tail.ts";

const CHUNK_BYTES = 512 * 1024;

type BadFrame = Extract<FrameCheck, { readonly kind: "short" | "corrupt" }>;
type Misplaced = Extract<FrameCheck, { readonly kind: "misplaced" }>;

interface OpenedSegment {
  readonly file: FileHandle;
  readonly header: ReturnType<typeof readSegmentHeader>;
}

/**
 * Walks over the frames of a run's segments and checks everything it passes: checksums, the density of lsns, the chain, the
 * headers of segments. The place it has reached is `place`; it can be asked for more after it came to the end.
 */
export class FrameCursor {
  readonly #directory: string;
  readonly #runId: RunId;
  #file: FileHandle | undefined;
  #segment = 0;
  #offset = 0;
  #lsn = 0;
  #chain = 0;
  #start: LogStart = WHOLE;
  #tail: TornTail | undefined;
  /** The file or directory that was last turned to: what an error of the operating system is about. */
  #touched: string;

  constructor(directory: string, runId: RunId) {
    this.#directory = directory;
    this.#touched = directory;
    this.#runId = runId;
  }

  get place(): LogPlace {
    return { segment: this.#segment, offset: this.#offset, lsn: this.#lsn, chain: this.#chain };
  }

  /** The first frame that the log still has, as known from `seek`. */
  get first(): Lsn {
    return this.#start.first;
  }

  /** What stood at the end, and was no frame, when the cursor last came there. */
  get tail(): TornTail | undefined {
    return this.#tail;
  }

  /**
   * Goes to the beginning of the last segment that begins at or before `lsn`, of those that no gap precedes; of a log that
   * begins later, to its beginning. A segment that is missing or cannot be read is told of by `next`, when it comes there. Call
   * it once, before `next`.
   */
  async seek(lsn: number): Promise<Result<void, ReadFault>> {
    return this.#guarded(async () => {
      const segments = await this.#begin();
      if (segments.isErr()) return err(segments.error);
      for (const number of (await this.#upTo(lsn, segments.value)).toReversed()) {
        const header = await this.#enterSegment(number, (header) => header.firstLsn <= lsn);
        if (header !== undefined) return ok();
      }
      return ok();
    });
  }

  /**
   * Goes to the beginning of segment `number`, if all segments up to it are there and `fits` each of their headers. Call it
   * once, before `next`.
   */
  async enter(number: number, fits: (header: SegmentHeader) => boolean): Promise<Result<boolean, ReadFault>> {
    return this.#guarded(async () => {
      const segments = await this.#begin();
      if (segments.isErr()) return err(segments.error);
      const upTo = segments.value.filter((each) => each <= number);
      if (upTo.at(-1) !== number) return ok(false);
      for (const each of upTo) if ((await this.#enterSegment(each, fits)) === undefined) return ok(false);
      return ok(true);
    });
  }

  /**
   * The next frames, or `undefined` at the end of what is there. Each batch is read into memory of its own, so its bodies stay
   * valid for as long as they are held.
   */
  async next(): Promise<Result<readonly StoredFrame[] | undefined, ReadFault>> {
    return this.#guarded(async () => {
      for (;;) {
        if (this.#file !== undefined) {
          const frames = await this.#nextInSegment(this.#file);
          if (frames.isErr() || frames.value !== undefined) return frames;
        }
        const moved = await this.#nextSegment();
        if (moved.isErr()) return err(moved.error);
        if (!moved.value) return ok(undefined);
      }
    });
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** `undefined` at the end of the segment's whole frames; `tail` then tells of anything behind them. */
  async #nextInSegment(file: FileHandle): Promise<Result<readonly StoredFrame[] | undefined, ReadFault>> {
    this.#tail = undefined;
    this.#touched = this.#path(this.#segment);
    let bytes = await readUpTo(file, this.#offset, CHUNK_BYTES);
    if (bytes.length === 0) return ok(undefined);
    let [frames, stop] = this.#take(bytes);
    if (frames.length === 0 && stop.kind === "short" && bytes.length === CHUNK_BYTES) {
      // One frame that is larger than a chunk.
      bytes = await readUpTo(file, this.#offset, stop.length as number);
      [frames, stop] = this.#take(bytes);
    }
    if (frames.length > 0) return ok(frames);
    if (stop.kind === "misplaced") return err(this.#damage(stop.detail));
    return this.#judgeTail(file, stop);
  }

  /** Takes the whole frames from the beginning of `bytes`, and tells what stands after them. */
  #take(bytes: Uint8Array): [frames: StoredFrame[], stop: BadFrame | Misplaced] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const frames: StoredFrame[] = [];
    const place = { lsn: this.#lsn, chain: this.#chain };
    for (let at = 0; ;) {
      const check = checkFrame(bytes, view, at, place);
      if (check.kind !== "frame") {
        this.#offset += at;
        this.#lsn = place.lsn;
        this.#chain = place.chain;
        return [frames, check];
      }
      frames.push(readFrame(bytes, view, at, check.length));
      at += check.length;
      place.lsn += 1;
      place.chain = check.crc;
    }
  }

  async #judgeTail(file: FileHandle, stop: BadFrame): Promise<Result<undefined, ReadFault>> {
    const number = this.#segment;
    const later = (await this.#list()).some((other) => other > number);
    const mark = await readSafeMark(this.#directory);
    this.#touched = this.#path(number);
    // Read after the segments were listed: when there is a later one, this one is complete by now. So is what
    // the mark speaks of.
    const rest = await readUpTo(file, this.#offset, Number.POSITIVE_INFINITY);
    const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
    // The writer may have completed the frame in the meantime.
    if (checkFrame(rest, view, 0, { lsn: this.#lsn, chain: this.#chain }).kind === "frame") return ok(undefined);
    const detail = stop.kind === "corrupt" ? stop.detail : "the frame is cut off";
    // Bytes that are missing at the end leave a log that is shorter, and whole: as a copy is that was made while it was written.
    const wasSafe = stop.kind === "corrupt" && mark !== undefined && isBefore(number, this.#offset, mark.place);
    if (later || wasSafe || !isTornTail(rest, this.#offset, this.#lsn, stop.length)) return err(this.#damage(detail));
    this.#tail = { segment: segmentName(number), offset: this.#offset, bytes: rest.length };
    return ok(undefined);
  }

  /** Whether there is a further segment, which is then entered. */
  async #nextSegment(): Promise<Result<boolean, ReadFault>> {
    const number = this.#segment + 1;
    const segments = await this.#list();
    const last = segments.at(-1) ?? 0;
    if (number > this.#start.segment && last < number) return ok(false);
    if (!segments.includes(number)) return err(await this.#missing(number));
    // Written between the last look into this segment and the first at the next.
    if (this.#file !== undefined && (await this.#file.stat()).size > this.#offset) return ok(true);

    const opened = await this.#openIfThere(number);
    if (opened === undefined) return err(await this.#missing(number));
    const { file, header } = opened;
    const mismatch = header === undefined ? undefined : this.#mismatch(header, number);
    if (
      header !== undefined &&
      mismatch === undefined &&
      header.firstLsn === this.#lsn &&
      header.chain === this.#chain
    ) {
      await this.#file?.close();
      this.#enter(file, header);
      return ok(true);
    }
    try {
      const damage = (detail: string): Result<never, DamageFault> => err(this.#damage(detail, number, 0));
      if (header !== undefined) return damage(mismatch ?? "the segment does not follow the one before it");
      const mark = await readSafeMark(this.#directory);
      const rest = await readUpTo(file, 0, Number.POSITIVE_INFINITY);
      const wasSafe = rest.length >= SEGMENT_HEADER_BYTES && mark !== undefined && isBefore(number, 0, mark.place);
      const torn =
        number > this.#start.segment && number === last && !wasSafe && isTornTail(rest, 0, this.#lsn - 1, undefined);
      if (!torn) return damage("the header of the segment is not whole");
      this.#tail = { segment: segmentName(number), offset: 0, bytes: rest.length };
      return ok(false);
    } finally {
      await file.close();
    }
  }

  async #list(): Promise<readonly number[]> {
    this.#touched = this.#directory;
    return listSegments(this.#directory);
  }

  /** Looks where the log begins; the segments from there on that no gap precedes. */
  async #begin(): Promise<Result<readonly number[], ReadFault>> {
    // Listed first: what is missing from the list is then known to have been let go of.
    const listed = await this.#list();
    const start = await readStart(this.#directory);
    if (start.isErr()) return err(start.error);
    this.#start = start.value;
    this.#segment = start.value.segment - 1;
    this.#lsn = start.value.first;
    this.#chain = start.value.chain;
    const segments = listed.filter((number) => number >= start.value.segment);
    return ok(segments.filter((number, index) => number === start.value.segment + index));
  }

  /** Segments up to the one that holds `lsn`; some more when a header on the way cannot be read. */
  async #upTo(lsn: number, segments: readonly number[]): Promise<readonly number[]> {
    let count = segments.length;
    for (let low = 0; count - low > 1;) {
      const middle = (low + count) >> 1;
      // It is below `count`.
      const opened = await this.#open(segments[middle] as number).catch(ignoreSystemError);
      await opened?.file.close();
      if (opened?.header === undefined) break;
      if (opened.header.firstLsn <= lsn) low = middle;
      else count = middle;
    }
    return segments.slice(0, count);
  }

  /** Stands at the beginning of a segment, if its header can be read and is the one that is looked for. */
  async #enterSegment(number: number, fits: (header: SegmentHeader) => boolean): Promise<SegmentHeader | undefined> {
    const opened = await this.#open(number).catch(ignoreSystemError);
    if (opened === undefined) return undefined;
    const { file, header } = opened;
    if (header === undefined || this.#mismatch(header, number) !== undefined || !fits(header)) {
      await file.close();
      return undefined;
    }
    await this.#file?.close();
    this.#enter(file, header);
    return header;
  }

  /** The file is closed again when its header cannot be read. */
  async #open(number: number): Promise<OpenedSegment> {
    this.#touched = this.#path(number);
    const file = await open(this.#touched, "r");
    try {
      return { file, header: readSegmentHeader(await readUpTo(file, 0, SEGMENT_HEADER_BYTES)) };
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  async #openIfThere(number: number): Promise<OpenedSegment | undefined> {
    try {
      return await this.#open(number);
    } catch (cause) {
      if (isSystemError(cause, "ENOENT")) return undefined;
      throw cause;
    }
  }

  #enter(file: FileHandle, header: SegmentHeader): void {
    this.#file = file;
    this.#segment = header.number;
    this.#offset = SEGMENT_HEADER_BYTES;
    this.#lsn = header.firstLsn;
    this.#chain = header.chain;
  }

  #mismatch(header: SegmentHeader & { readonly format: number }, number: number): string | undefined {
    if (header.format !== FORMAT_VERSION) return `a segment of format ${header.format}`;
    if (header.runId !== this.#runId) return `a segment of the run ${header.runId}`;
    if (header.number !== number) return `the segment with number ${header.number} stands here`;
    return undefined;
  }

  /** Let go of since this cursor began, or lost. */
  async #missing(number: number): Promise<ReadFault> {
    const start = await readStart(this.#directory);
    if (start.isErr()) return start.error;
    const { segment, first } = start.value;
    if (number < segment) return { kind: "not-retained", asked: this.#lsn as Lsn, first } satisfies NotRetainedFault;
    return this.#damage("the segment is missing", number, 0);
  }

  #damage(detail: string, segment: number = this.#segment, offset: number = this.#offset): DamageFault {
    return { kind: "damaged", segment: segmentName(segment), offset, lsn: this.#lsn as Lsn, detail };
  }

  #path(number: number): string {
    return join(this.#directory, segmentName(number));
  }

  async #guarded<T>(read: () => Promise<Result<T, ReadFault>>): Promise<Result<T, ReadFault>> {
    try {
      return await read();
    } catch (cause) {
      ignoreSystemError(cause);
      return err(storageFault("read", isSystemError(cause, "ENOENT") ? this.#directory : this.#touched, cause));
    }
  }
}

/** An error that is ours is thrown on. */
function ignoreSystemError(cause: unknown): undefined {
  if (!(cause instanceof Error) || !("code" in cause)) throw cause;
}

/** Up to `count` bytes from `offset` on: fewer at the end of the file. The memory is fresh. */
async function readUpTo(file: FileHandle, offset: number, count: number): Promise<Uint8Array> {
  const length = Math.max(0, Math.min(count, (await file.stat()).size - offset));
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
