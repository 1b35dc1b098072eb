import {
  parseManifest,
  type CreateFault,
  type ListedRun,
  type OpenFault,
  type RunId,
  type RunLog,
  type RunManifest,
  type RunReader,
  type RunStore,
  type StorageFault,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { folderName } from "./folder-name.ts";
import { FileLog } from "./file-log.ts";
import { FileReader } from "./file-reader.ts";
import { createSegment, FrameWriter, type FrameWriterOptions } from "./frame-writer.ts";
import { findTornTail, recover } from "./recover.ts";
import { checkName, findRun, listRuns, makeDirectory, readManifest, writeManifest } from "./run-directory.ts";
import { finishRetention, readRetention, readStart, WHOLE } from "./retention.ts";
import { SafeMarkKeeper } from "./safe-mark.ts";
import { segmentFiles } from "./segment-files-here.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";
import { segmentName } from "./segment-name.ts";
import { removeSnapshotsAfter } from "./snapshot-files.ts";
import { isSystemError, storageFault } from "./storage-fault.ts";
import { isLocked, lockHolder, takeLock, type WriterLock } from "./writer-lock.ts";

export interface FileStoreOptions {
  /** Where runs are kept: `<directory>/<flow>/<run id>/`. It is made with the first run. */
  readonly directory: string;
  /** A segment that has reached this size is followed by another. 64 MiB unless told. */
  readonly segmentBytes?: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

/** Keeps runs in directories of segment files. The format: docs/format.md. */
export function fileStore(options: FileStoreOptions): RunStore {
  return new FileStore(options, segmentFiles());
}

/** {@link fileStore} on files that a test makes fail. */
export class FileStore implements RunStore {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #files: SegmentFiles;

  constructor({ directory, segmentBytes = SEGMENT_BYTES }: FileStoreOptions, files: SegmentFiles) {
    this.#directory = resolve(directory);
    this.#segmentBytes = segmentBytes;
    this.#files = files;
  }

  async create(manifest: RunManifest): Promise<Result<RunLog, CreateFault>> {
    const location = this.locate(manifest);
    // It is read back as it was written, or not written.
    const kept = parseManifest(JSON.stringify(manifest), location);
    if (kept.isErr()) throw new TypeError(`${location}: a manifest that could not be read back`, { cause: kept.error });
    const found = await findRun(this.#directory, manifest.runId);
    if (found.isOk()) return err({ kind: "run-exists", runId: manifest.runId });
    if (found.error.kind === "storage") return err(found.error);
    try {
      return await this.#make(location, kept.value);
    } catch (cause) {
      if (isSystemError(cause, "EEXIST")) return err({ kind: "run-exists", runId: manifest.runId });
      return err(storageFault("create", location, cause));
    }
  }

  async open(runId: RunId): Promise<Result<RunReader, OpenFault>> {
    const found = await this.#find(runId);
    if (found.isErr()) return err(found.error);
    const { location, manifest } = found.value;
    try {
      const writing = lockHolder(location) !== undefined;
      // What a writer is about to complete is not torn.
      const tornTail = writing ? undefined : await findTornTail(location, runId);
      const start = await readStart(location);
      if (start.isErr()) return err(start.error);
      return ok(new FileReader(location, manifest, { tornTail, writing, first: start.value.first }));
    } catch (cause) {
      return err(storageFault("open", location, cause));
    }
  }

  async resume(runId: RunId): Promise<Result<RunLog, OpenFault>> {
    const found = await this.#find(runId);
    if (found.isErr()) return err(found.error);
    const { location, manifest } = found.value;
    try {
      const lock = takeLock(location);
      if (isLocked(lock)) return err({ kind: "locked", location, holder: lock.holder });
      try {
        const resumed = await this.#takeOver(location, manifest, lock);
        if (resumed.isErr()) lock.release();
        return resumed;
      } catch (cause) {
        lock.release();
        throw cause;
      }
    } catch (cause) {
      return err(storageFault("resume", location, cause));
    }
  }

  async list(): Promise<Result<readonly ListedRun[], StorageFault>> {
    try {
      return ok((await listRuns(this.#directory)).sort(byAge));
    } catch (cause) {
      return err(storageFault("list", this.#directory, cause));
    }
  }

  locate(manifest: RunManifest): string {
    return join(this.#directory, folderName(manifest.flow), manifest.runId);
  }

  /** The lock being held. Ends what an earlier writer began, then checks. */
  async #takeOver(location: string, manifest: RunManifest, lock: WriterLock): Promise<Result<RunLog, OpenFault>> {
    const files = this.#files;
    const retention = await readRetention(location);
    if (retention.isErr()) return err(retention.error);
    if (retention.value !== undefined) await finishRetention(files, location, retention.value);
    const { segment, first } = retention.value ?? WHOLE;
    const options = this.#writerOptions(location, manifest);
    const recovered = await recover(location, manifest.runId, { first: segment, synced: options.synced });
    if (recovered.isErr()) return err(recovered.error);
    const { end, tornTail, sizes } = recovered.value;
    // Before anything is appended: other frames will stand where those stood that a snapshot may have seen.
    await removeSnapshotsAfter(files, location, end.lsn);
    const mark = new SafeMarkKeeper(files, location, sizes);
    mark.mark(end);
    // Before anything is appended: the mark of before may speak of bytes that were lost since, in whose place it will stand.
    await mark.settled();
    const file = files.extend(join(location, segmentName(end.segment)), end.offset, options.synced);
    const writer = new FrameWriter(options, file, end);
    return ok(new FileLog(location, manifest, { tornTail, first }, { writer, lock, mark, files }));
  }

  /** The manifest comes last: what has one is a whole run. */
  async #make(location: string, manifest: RunManifest): Promise<Result<RunLog, CreateFault>> {
    makeDirectory(location);
    try {
      const lock = takeLock(location);
      if (isLocked(lock)) return err({ kind: "run-exists", runId: manifest.runId });
      const options = this.#writerOptions(location, manifest);
      const file = createSegment(options, this.#files, 1, 0, 0);
      try {
        await writeManifest(location, manifest);
      } catch (cause) {
        file.close();
        throw cause;
      }
      const end = { segment: 1, offset: SEGMENT_HEADER_BYTES, lsn: 0, chain: 0 };
      const writer = new FrameWriter(options, file, end);
      const mark = new SafeMarkKeeper(this.#files, location, []);
      const found = { tornTail: undefined, first: WHOLE.first };
      return ok(new FileLog(location, manifest, found, { writer, lock, mark, files: this.#files }));
    } catch (cause) {
      // It was made just above, and holds nothing yet.
      rmSync(location, { recursive: true, force: true });
      throw cause;
    }
  }

  async #find(runId: RunId): Promise<Result<{ location: string; manifest: RunManifest }, OpenFault>> {
    const found = await findRun(this.#directory, runId);
    if (found.isErr()) return err(found.error);
    const location = found.value;
    const manifest = (await readManifest(location)).andThen((read) => checkName(read, basename(location), location));
    return manifest.map((read) => ({ location, manifest: read }));
  }

  #writerOptions(directory: string, { runId, durability }: RunManifest): FrameWriterOptions {
    const synced = durability !== "buffered";
    return { directory, runId, files: this.#files, segmentBytes: this.#segmentBytes, synced };
  }
}

/** Oldest first; what is not a run comes after those that are. */
function byAge(a: ListedRun, b: ListedRun): number {
  if (a.kind === "unreadable" || b.kind === "unreadable") {
    return a.kind === b.kind ? compare(a.location, b.location) : a.kind === "run" ? -1 : 1;
  }
  return a.manifest.createdAtMs - b.manifest.createdAtMs || compare(a.manifest.runId, b.manifest.runId);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
