import type {
  AppendFault,
  FrameDraft,
  LogMetrics,
  Lsn,
  Position,
  ReadFault,
  Retained,
  RetainFault,
  RetainMode,
  RunLog,
  RunManifest,
  StorageFault,
  StoredSnapshot,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { Signal, type Changes } from "./changes.ts";
import { FileReader, type Found, type ReadEnd } from "./file-reader.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { retainFrom } from "./retain.ts";
import type { SafeMarkKeeper } from "./safe-mark.ts";
import type { RunFiles } from "./segment-files.ts";
import { writeSnapshot } from "./snapshot-files.ts";
import { storageFault } from "./storage-fault.ts";
import type { WriterLock } from "./writer-lock.ts";

/** What writes a run whose lock is held. */
export interface FileLogParts {
  readonly writer: FrameWriter;
  readonly lock: WriterLock;
  readonly mark: SafeMarkKeeper;
  readonly files: RunFiles;
}

/** Writing the run in a directory whose lock is held. */
export class FileLog extends FileReader implements RunLog {
  readonly #writer: FrameWriter;
  readonly #lock: WriterLock;
  readonly #mark: SafeMarkKeeper;
  readonly #files: RunFiles;
  readonly #synced: boolean;
  readonly #signals = new Set<Signal>();
  /** What was asked for last of the files beside the segment that is written: one after the other. It never rejects. */
  #working: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(directory: string, manifest: RunManifest, found: Omit<Found, "writing">, parts: FileLogParts) {
    super(directory, manifest, { ...found, writing: true });
    this.#writer = parts.writer;
    this.#lock = parts.lock;
    this.#mark = parts.mark;
    this.#files = parts.files;
    this.#synced = manifest.durability !== "buffered";
    this.#writer.onComplete = (end) => this.#mark.complete(end, this.#synced);
    this.#writer.onProgress = () => {
      for (const signal of this.#signals) signal.signal();
    };
  }

  append(frame: FrameDraft): Result<Position, AppendFault> {
    return this.#writer.append(frame);
  }

  get safe(): Position {
    return this.#writer.safe;
  }

  whenSafe(position: Position): Promise<Result<void, StorageFault>> {
    return this.#writer.whenSafe(position);
  }

  get bytes(): number {
    return this.#writer.bytes;
  }

  metrics(): LogMetrics {
    return this.#writer.metrics();
  }

  room(): Promise<void> | undefined {
    return this.#writer.room();
  }

  digest(): string {
    return this.#writer.digest();
  }

  async retain(from: Lsn, how: RetainMode): Promise<Result<Retained, RetainFault>> {
    if (this.#closing !== undefined) return err({ kind: "log-closed" });
    const retained = this.#working.then(() => this.#retain(from, how));
    this.#working = retained;
    return retained;
  }

  async keepSnapshot(body: Uint8Array): Promise<Result<Lsn, StorageFault | { readonly kind: "log-closed" }>> {
    if (this.#closing !== undefined) return err({ kind: "log-closed" });
    const lsn = this.#writer.nextLsn as Lsn;
    const safe = this.#writer.whenSafe(this.#writer.appended);
    const kept = this.#working.then(async () => {
      const settled = await safe;
      return settled.isErr() ? err(settled.error) : this.#keepSnapshot({ lsn, body });
    });
    this.#working = kept;
    return kept;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** All that was appended: it is read from the file, so it is written first. */
  protected override async end(): Promise<Result<ReadEnd, ReadFault>> {
    const lsn = this.#writer.nextLsn;
    const written = await this.#writer.whenSafe(this.#writer.appended);
    if (written.isErr()) return err(written.error);
    return ok({ lsn, segment: Number.POSITIVE_INFINITY, offset: Number.POSITIVE_INFINITY });
  }

  protected override changes(): Changes {
    const signal = new Signal();
    this.#signals.add(signal);
    return {
      next: () => signal.next(),
      close: () => {
        this.#signals.delete(signal);
        signal.close();
      },
    };
  }

  async #retain(from: Lsn, how: RetainMode): Promise<Result<Retained, RetainFault>> {
    const { fault, safeLsn } = this.#writer;
    if (fault !== undefined) return err(fault);
    try {
      const last = Math.min(from, safeLsn - 1);
      const retained = await retainFrom(this.#files, this.directory, this.manifest.runId, last, how);
      if (retained.isOk()) {
        this.letGo(retained.value.first);
        this.#mark.forget(retained.value.segments);
      }
      return retained;
    } catch (cause) {
      return err(storageFault("retain", this.directory, cause));
    }
  }

  async #keepSnapshot(snapshot: StoredSnapshot): Promise<Result<Lsn, StorageFault>> {
    try {
      await writeSnapshot(this.#files, this.directory, snapshot);
      return ok(snapshot.lsn);
    } catch (cause) {
      return err(storageFault("snapshot", this.directory, cause));
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.close();
      // Files that are being moved or marked are still those of this writer.
      await this.#working;
      if (this.#synced && this.#writer.fault === undefined) this.#mark.mark(this.#writer.end);
      await this.#mark.settled();
    } finally {
      this.#lock.release();
      await super.close();
    }
  }
}
