import {
  COUNT_BOUNDS,
  encodeRecords,
  Histogram,
  MessagePackWriter,
  type AppendFault,
  type EncodeFault,
  type FrameDraft,
  type LogMetrics,
  type Position,
  type RunId,
  type StorageFault,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { join } from "node:path";
import { setImmediate } from "node:timers";

import { deferred, type Deferred } from "./deferred.ts";
import { FRAME_HEADER_BYTES, sealFrame } from "./frame-format.ts";
import type { LogPlace } from "./log-place.ts";
import type { SegmentFile, SegmentFiles } from "./segment-files.ts";
import { SEGMENT_HEADER_BYTES, writeSegmentHeader } from "./segment-header.ts";
import { segmentName } from "./segment-name.ts";
import { storageFault } from "./storage-fault.ts";
import { syncDirectory } from "./sync-directory.ts";

/** A half is full when it holds this much; a write is at most this and one frame. */
const HALF_BYTES = 256 * 1024;
/** A half that large frames made larger than this is let go. */
const KEPT_BYTES = 4 * HALF_BYTES;
/** What one half may come to hold when nobody heeds `room`. */
const MAX_HALF_BYTES = 256 * 1024 * 1024;
/** When the device need not be waited for, a write up to this size is over sooner than the thread pool could begin it. */
const SMALL_BYTES = 16 * 1024;

const MAX_LANE = 65_534;

/** Frames that go to the file in one write. */
interface Half {
  buffer: MessagePackWriter;
  /** Where in the log its first frame stands. */
  lsn: number;
  chain: number;
  /** The position of its last frame. */
  upTo: Position;
  /** Made when somebody waits for it. */
  landed: Deferred<Result<void, StorageFault>> | undefined;
}

export interface FrameWriterOptions {
  readonly directory: string;
  readonly runId: RunId;
  readonly files: SegmentFiles;
  /** A segment that has reached this size is followed by another. */
  readonly segmentBytes: number;
  /** Whether a write counts only when it is on the device. */
  readonly synced: boolean;
}

/**
 * Takes frames into one half while the other is being written. One write is in flight; when it completes, whatever gathered
 * goes next, at once. So the slower the device, the more frames share a write: group commit without a timer.
 */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  #file: SegmentFile;
  #segment: number;
  /** The size of the segment when all writes so far have landed. */
  #size: number;
  #filling: Half;
  #flying: Half;
  #inFlight = false;
  #turnAsked = false;
  #hurryAsked = false;
  #lsn: number;
  #chain: number;
  #appended = 0 as Position;
  #safe = 0 as Position;
  #bytes = 0;
  #flushedAt = 0;
  readonly #flushMs = new Histogram();
  readonly #framesPerFlush = new Histogram(COUNT_BOUNDS);
  #roomPromise: Deferred<void> | undefined;
  #fault: StorageFault | undefined;
  #closed = false;
  /** Called when a segment is complete, and the next has been begun. */
  onComplete: (end: LogPlace) => void = () => undefined;
  /** Called when frames have been written, and when the log has failed or closed. */
  onProgress: () => void = () => undefined;

  constructor(options: FrameWriterOptions, file: SegmentFile, end: LogPlace) {
    this.#options = options;
    this.#file = file;
    this.#segment = end.segment;
    this.#size = end.offset;
    this.#lsn = end.lsn;
    this.#chain = end.chain;
    this.#filling = emptyHalf();
    this.#flying = emptyHalf();
  }

  /** The lsn that the next frame gets. */
  get nextLsn(): number {
    return this.#lsn;
  }

  /** The lsn of the first frame that is not safe yet. */
  get safeLsn(): number {
    return this.#lsn - (this.#appended - this.#safe);
  }

  get fault(): StorageFault | undefined {
    return this.#fault;
  }

  /** Where the log ends, when nothing is being written. */
  get end(): LogPlace {
    return { segment: this.#segment, offset: this.#size, lsn: this.#lsn, chain: this.#chain };
  }

  get appended(): Position {
    return this.#appended;
  }

  get safe(): Position {
    return this.#safe;
  }

  get bytes(): number {
    return this.#bytes;
  }

  metrics(): LogMetrics {
    const flushMs = this.#flushMs.snapshot();
    return { frames: this.#appended, bytes: this.#bytes, flushMs, framesPerFlush: this.#framesPerFlush.snapshot() };
  }

  digest(): string {
    return this.#chain.toString(16).padStart(8, "0");
  }

  append(draft: FrameDraft): Result<Position, AppendFault> {
    if (this.#fault !== undefined) return err(this.#fault);
    if (this.#closed) return err({ kind: "log-closed" });
    checkNumbers(draft);
    const half = this.#filling;
    const buffer = half.buffer;
    const start = buffer.at;
    if (start > MAX_HALF_BYTES) {
      throw new RangeError(`${start} bytes wait to be written: a caller does not heed the log's room()`);
    }
    buffer.reserve(FRAME_HEADER_BYTES);
    buffer.at = start + FRAME_HEADER_BYTES;
    const fault = encodeWhole(buffer, start, draft);
    if (fault !== undefined) return err(fault);
    if (start === 0) {
      half.lsn = this.#lsn;
      half.chain = this.#chain;
    }
    this.#chain = sealFrame(buffer.bytes, buffer.view, start, buffer.at, draft, this.#lsn, this.#chain);
    this.#bytes += buffer.at - start - FRAME_HEADER_BYTES;
    this.#lsn += 1;
    half.upTo = this.#appended = (this.#appended + 1) as Position;
    if (!this.#inFlight) {
      if (buffer.at >= HALF_BYTES) this.#fly();
      else if (!this.#turnAsked) this.#askTurn();
    }
    return ok(half.upTo);
  }

  whenSafe(position: Position): Promise<Result<void, StorageFault>> {
    if (this.#fault !== undefined) return Promise.resolve(err(this.#fault));
    if (position <= this.#safe) return Promise.resolve(ok());
    if (!(position <= this.#appended)) {
      return Promise.reject(new RangeError(`whenSafe(${position}): only ${this.#appended} frames were appended`));
    }
    const half = this.#inFlight && position <= this.#flying.upTo ? this.#flying : this.#filling;
    half.landed ??= deferred();
    if (!this.#inFlight && !this.#hurryAsked) {
      // What else is appended in the same turn goes along.
      this.#hurryAsked = true;
      queueMicrotask(() => this.#hurry());
    }
    return half.landed.promise;
  }

  room(): Promise<void> | undefined {
    if (!this.#inFlight || this.#filling.buffer.at < HALF_BYTES) return undefined;
    this.#roomPromise ??= deferred();
    return this.#roomPromise.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    // Then no write is under way, whether or not it succeeded.
    await this.whenSafe(this.#appended);
    try {
      this.#file.close();
    } catch (cause) {
      // All that was appended has been answered for by now.
      if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    } finally {
      this.onProgress();
    }
  }

  #askTurn(): void {
    this.#turnAsked = true;
    setImmediate(() => {
      this.#turnAsked = false;
      if (this.#canFly) this.#fly();
    });
  }

  #hurry(): void {
    this.#hurryAsked = false;
    if (!this.#canFly) return;
    if (!this.#options.synced && this.#filling.buffer.at <= SMALL_BYTES) this.#writeNow();
    else this.#fly();
  }

  get #canFly(): boolean {
    return !this.#inFlight && this.#fault === undefined && this.#filling.buffer.at > 0;
  }

  #fly(): void {
    const half = this.#swap();
    this.#inFlight = true;
    let writing: Promise<void>;
    try {
      this.#rotate(half);
      writing = this.#file.append(half.buffer.bytes.subarray(0, half.buffer.at));
    } catch (cause) {
      this.#fail(cause);
      return;
    }
    writing.then(
      () => {
        this.#inFlight = false;
        this.#land(half);
        if (this.#canFly) this.#fly();
      },
      (cause: unknown) => this.#fail(cause),
    );
  }

  #writeNow(): void {
    const half = this.#swap();
    try {
      this.#rotate(half);
      this.#file.appendNow(half.buffer.bytes.subarray(0, half.buffer.at));
    } catch (cause) {
      this.#fail(cause);
      return;
    }
    this.#land(half);
  }

  #swap(): Half {
    const half = this.#filling;
    this.#filling = this.#flying;
    this.#flying = half;
    this.#flushedAt = performance.now();
    return half;
  }

  #land(half: Half): void {
    this.#size += half.buffer.at;
    this.#flushMs.record(performance.now() - this.#flushedAt);
    this.#framesPerFlush.record(half.upTo - this.#safe);
    this.#safe = half.upTo;
    const landed = half.landed;
    half.landed = undefined;
    half.buffer.at = 0;
    if (half.buffer.bytes.length > KEPT_BYTES) half.buffer = new MessagePackWriter(HALF_BYTES);
    landed?.resolve(ok());
    this.#giveRoom();
    this.onProgress();
  }

  /** The first fault is kept. Nothing is written after it. */
  #fail(cause: unknown): void {
    this.#inFlight = false;
    const fault = (this.#fault ??= storageFault("write", this.#path(this.#segment), cause));
    for (const half of [this.#flying, this.#filling]) {
      half.landed?.resolve(err(fault));
      half.landed = undefined;
      half.buffer = new MessagePackWriter(0);
    }
    this.#giveRoom();
    this.onProgress();
  }

  #giveRoom(): void {
    this.#roomPromise?.resolve();
    this.#roomPromise = undefined;
  }

  /** Goes on to another segment before `half` is written, when this one is full. All of this one has landed by now. */
  #rotate(half: Half): void {
    if (this.#size < this.#options.segmentBytes) return;
    const { files, synced } = this.#options;
    const number = this.#segment + 1;
    const next = createSegment(this.#options, files, number, half.lsn, half.chain);
    const full = this.#file;
    const end = { segment: this.#segment, offset: this.#size, lsn: half.lsn, chain: half.chain };
    this.#file = next;
    this.#segment = number;
    this.#size = SEGMENT_HEADER_BYTES;
    full.close();
    if (synced) syncDirectory(this.#options.directory);
    this.onComplete(end);
  }

  #path(segment: number): string {
    return join(this.#options.directory, segmentName(segment));
  }
}

/** Leaves nothing of a frame behind that cannot be encoded, even when memory runs out over it. */
function encodeWhole(buffer: MessagePackWriter, start: number, draft: FrameDraft): EncodeFault | undefined {
  let whole = false;
  try {
    const fault = encodeRecords(buffer, draft.records);
    whole = fault === undefined;
    return fault;
  } finally {
    if (!whole) buffer.at = start;
  }
}

/** A new segment with its header. */
export function createSegment(
  { directory, runId, synced }: Pick<FrameWriterOptions, "directory" | "runId" | "synced">,
  files: SegmentFiles,
  number: number,
  firstLsn: number,
  chain: number,
): SegmentFile {
  const file = files.create(join(directory, segmentName(number)), synced);
  try {
    file.appendNow(writeSegmentHeader({ runId, number, firstLsn, chain }));
    return file;
  } catch (cause) {
    file.close();
    throw cause;
  }
}

function emptyHalf(): Half {
  return { buffer: new MessagePackWriter(HALF_BYTES), lsn: 0, chain: 0, upTo: 0 as Position, landed: undefined };
}

/** The header would store other numbers silently changed. No caller of ours passes them. */
function checkNumbers({ lane, firstSeq }: FrameDraft): void {
  if (!Number.isInteger(lane) || lane < 0 || lane > MAX_LANE) throw new RangeError(`a frame of lane ${lane}`);
  if (!Number.isSafeInteger(firstSeq) || firstSeq < 0) throw new RangeError(`a frame with firstSeq ${firstSeq}`);
}
