import type {
  Lsn,
  ReadFault,
  RunManifest,
  RunReader,
  StorageFault,
  StoredFrame,
  StoredSnapshot,
  TornTail,
} from "@refold/core";
import { RecordDecoder, SYSTEM_LANE } from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { watchDirectory, type Changes } from "./changes.ts";
import { FrameCursor } from "./frame-cursor.ts";
import { listSegments, segmentName } from "./segment-name.ts";
import { readSnapshot } from "./snapshot-files.ts";
import { storageFault } from "./storage-fault.ts";

/** Where reading stops: before the first frame that is at or past either. */
export interface ReadEnd {
  readonly lsn: number;
  readonly segment: number;
  readonly offset: number;
}

/** What was found when the run was opened. */
export interface Found {
  readonly tornTail: TornTail | undefined;
  readonly writing: boolean;
  readonly first: Lsn;
}

type Batch = Result<readonly StoredFrame[], ReadFault>;

/** The last frame from where a segment begins on. */
interface SegmentEnd {
  readonly frame: StoredFrame | undefined;
  readonly beginsAt: number;
  readonly first: Lsn;
}

/** Reading the run in a directory, whoever writes it. */
export class FileReader implements RunReader {
  readonly manifest: RunManifest;
  readonly tornTail: TornTail | undefined;
  readonly writing: boolean;
  protected readonly directory: string;
  readonly #followers = new Set<Changes>();
  #first: Lsn;
  #closed = false;

  constructor(directory: string, manifest: RunManifest, found: Found) {
    this.directory = directory;
    this.manifest = manifest;
    this.tornTail = found.tornTail;
    this.writing = found.writing;
    this.#first = found.first;
  }

  get first(): Lsn {
    return this.#first;
  }

  async *read(from: Lsn): AsyncGenerator<Batch> {
    const end = await this.end();
    if (end.isErr()) yield err(end.error);
    else yield* this.#frames(from, end.value);
  }

  follow(from: Lsn): AsyncIterable<Batch> {
    return { [Symbol.asyncIterator]: () => this.#following(from) };
  }

  async snapshot(before: number = Number.POSITIVE_INFINITY): Promise<Result<StoredSnapshot | undefined, StorageFault>> {
    try {
      return ok(await readSnapshot(this.directory, before));
    } catch (cause) {
      return err(storageFault("read", this.directory, cause));
    }
  }

  async last(): Promise<Result<StoredFrame | undefined, ReadFault>> {
    const end = await this.end();
    if (end.isErr()) return err(end.error);
    // A segment that was only just begun has no frame: then it is the segment before that has the last.
    for (let from = Number.MAX_SAFE_INTEGER; ;) {
      const found = await this.#lastFrom(from);
      if (found.isErr()) return err(found.error);
      const { frame, beginsAt, first } = found.value;
      if (frame !== undefined || beginsAt <= first) return ok(frame);
      from = beginsAt - 1;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const changes of this.#followers) changes.close();
  }

  /** The end that the log has now. */
  protected async end(): Promise<Result<ReadEnd, ReadFault>> {
    try {
      const segment = (await listSegments(this.directory)).at(-1);
      const offset = segment === undefined ? 0 : (await stat(join(this.directory, segmentName(segment)))).size;
      return ok({ lsn: Number.POSITIVE_INFINITY, segment: segment ?? 1, offset });
    } catch (cause) {
      return err(storageFault("read", this.directory, cause));
    }
  }

  /** The frames before this one are gone. */
  protected letGo(first: Lsn): void {
    if (first > this.#first) this.#first = first;
  }

  /** What tells a follower that there may be more. */
  protected changes(): Changes {
    return watchDirectory(this.directory);
  }

  async *#frames(from: number, end: ReadEnd): AsyncGenerator<Batch> {
    const cursor = new FrameCursor(this.directory, this.manifest.runId);
    try {
      const sought = await this.#seek(cursor, from);
      if (sought.isErr()) {
        yield err(sought.error);
        return;
      }
      for (;;) {
        const { segment, offset, lsn } = cursor.place;
        if (lsn >= end.lsn || segment > end.segment || (segment === end.segment && offset >= end.offset)) return;
        const batch = await cursor.next();
        if (batch.isErr()) {
          yield err(batch.error);
          return;
        }
        if (batch.value === undefined) return;
        const frames = batch.value.filter((frame) => frame.lsn >= from && frame.lsn < end.lsn);
        if (frames.length > 0) yield ok(frames);
      }
    } finally {
      await cursor.close();
    }
  }

  /** Not a generator alone: leaving must end a wait that is under way, and a generator would finish the wait first. */
  #following(from: Lsn): AsyncIterator<Batch> {
    const changes = this.changes();
    this.#followers.add(changes);
    const leave = (): void => {
      this.#followers.delete(changes);
      changes.close();
    };
    let left = this.#closed;
    const frames = this.#framesOn(from, changes, () => left || this.#closed);
    return {
      async next() {
        const item = await frames.next();
        if (item.done === true) leave();
        return item;
      },
      async return() {
        left = true;
        leave();
        return frames.return(undefined);
      },
    };
  }

  async *#framesOn(from: number, changes: Changes, left: () => boolean): AsyncGenerator<Batch, undefined> {
    const cursor = new FrameCursor(this.directory, this.manifest.runId);
    const decoder = new RecordDecoder();
    try {
      const sought = await this.#seek(cursor, from);
      if (sought.isErr()) yield err(sought.error);
      while (sought.isOk() && !left()) {
        const batch = await cursor.next();
        if (batch.isErr()) {
          yield err(batch.error);
          return undefined;
        }
        if (batch.value === undefined) {
          await changes.next();
          continue;
        }
        const frames = batch.value.filter((frame) => frame.lsn >= from);
        if (frames.length > 0) yield ok(frames);
        if (batch.value.some((frame) => isSeal(frame, decoder))) return undefined;
      }
      return undefined;
    } finally {
      await cursor.close();
    }
  }

  /** To where `from` is to be found, or to the fault that it is no longer. */
  async #seek(cursor: FrameCursor, from: number): Promise<Result<void, ReadFault>> {
    const sought = await cursor.seek(from);
    if (sought.isErr()) return sought;
    this.letGo(cursor.first);
    return from < this.#first ? err({ kind: "not-retained", asked: from as Lsn, first: this.#first }) : ok();
  }

  async #lastFrom(from: number): Promise<Result<SegmentEnd, ReadFault>> {
    const cursor = new FrameCursor(this.directory, this.manifest.runId);
    try {
      const sought = await cursor.seek(from);
      if (sought.isErr()) return err(sought.error);
      const beginsAt = cursor.place.lsn;
      let frame: StoredFrame | undefined;
      for (;;) {
        const batch = await cursor.next();
        if (batch.isErr()) return err(batch.error);
        if (batch.value === undefined) break;
        frame = batch.value.at(-1);
      }
      // The body alone, so that it does not hold the memory of its batch.
      return ok({ frame: frame && { ...frame, body: frame.body.slice() }, beginsAt, first: cursor.first });
    } finally {
      await cursor.close();
    }
  }
}

function isSeal(frame: StoredFrame, decoder: RecordDecoder): boolean {
  if (frame.lane !== SYSTEM_LANE) return false;
  const records = decoder.decode(frame.body);
  return records.isOk() && records.value.some((record) => record.kind === "seal");
}
