import type {
  AppendFault,
  FrameDraft,
  LogMetrics,
  Position,
  ReadFault,
  RunLog,
  RunManifest,
  StorageFault,
  TornTail,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { Signal, type Changes } from "./changes.ts";
import { FileReader, type ReadEnd } from "./file-reader.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { WriterLock } from "./writer-lock.ts";

/** Writing the run in a directory whose lock is held. */
export class FileLog extends FileReader implements RunLog {
  readonly #writer: FrameWriter;
  readonly #lock: WriterLock;
  readonly #signals = new Set<Signal>();
  #closing: Promise<void> | undefined;

  constructor(
    directory: string,
    manifest: RunManifest,
    tornTail: TornTail | undefined,
    writer: FrameWriter,
    lock: WriterLock,
  ) {
    super(directory, manifest, { tornTail, writing: true });
    this.#writer = writer;
    this.#lock = lock;
    writer.onProgress = () => {
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

  async #close(): Promise<void> {
    try {
      await this.#writer.close();
    } finally {
      this.#lock.release();
      await super.close();
    }
  }
}
