import {
  COUNT_BOUNDS,
  encodeRecords,
  Histogram,
  MessagePackWriter,
  type AppendFault,
  type FrameDraft,
  type LogMetrics,
  type Lsn,
  type Position,
  type Retained,
  type RetainFault,
  type RunLog,
  type StorageFault,
} from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { MemoryReader } from "./memory-reader.ts";
import type { MemoryRun } from "./memory-run.ts";

const INITIAL_BYTES = 4096;
/** A buffer that one large frame made larger than this is let go. */
const KEPT_BYTES = 1024 * 1024;
const KEPT_SNAPSHOTS = 2;

/** Writing a run that is kept in memory. */
export class MemoryLog extends MemoryReader implements RunLog {
  readonly #holdSafety: boolean;
  #buffer = new MessagePackWriter(INITIAL_BYTES);
  #waiting: { readonly position: Position; readonly resolve: (result: Result<void, StorageFault>) => void }[] = [];
  #appended = 0 as Position;
  #safe = 0 as Position;
  #bytes = 0;

  constructor(run: MemoryRun, holdSafety: boolean) {
    super(run);
    this.#holdSafety = holdSafety;
    run.writer = this;
  }

  append(draft: FrameDraft): Result<Position, AppendFault> {
    const { run } = this;
    if (this.#lost) return err({ kind: "log-closed" });
    if (run.fault !== undefined) return err(run.fault);
    const buffer = this.#buffer;
    buffer.at = 0;
    const fault = encodeRecords(buffer, draft.records);
    if (fault !== undefined) return err(fault);
    run.frames.push({
      lsn: run.end,
      lane: draft.lane,
      timeMs: draft.timeMs,
      firstSeq: draft.firstSeq,
      count: draft.records.length,
      body: buffer.bytes.slice(0, buffer.at),
    });
    if (buffer.bytes.length > KEPT_BYTES) this.#buffer = new MessagePackWriter(INITIAL_BYTES);
    this.#appended = (this.#appended + 1) as Position;
    this.#bytes += buffer.at;
    if (!this.#holdSafety) this.#markSafe();
    run.wake();
    return ok(this.#appended);
  }

  get safe(): Position {
    return this.#safe;
  }

  async whenSafe(position: Position): Promise<Result<void, StorageFault>> {
    if (this.run.fault !== undefined) return err(this.run.fault);
    if (position <= this.#safe) return ok();
    if (position > this.#appended)
      throw new RangeError(`whenSafe(${position}): only ${this.#appended} frames were appended`);
    // After a crash of the process nobody is there to be told.
    return new Promise((resolve) => this.#waiting.push({ position, resolve }));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing is flushed in memory. */
  metrics(): LogMetrics {
    const none = new Histogram().snapshot();
    return {
      frames: this.#appended,
      bytes: this.#bytes,
      flushMs: none,
      framesPerFlush: new Histogram(COUNT_BOUNDS).snapshot(),
    };
  }

  room(): undefined {
    return undefined;
  }

  async keepSnapshot(body: Uint8Array): Promise<Result<Lsn, StorageFault | { readonly kind: "log-closed" }>> {
    if (this.#lost) return err({ kind: "log-closed" });
    const lsn = this.run.end;
    const safe = await this.whenSafe(this.#appended);
    if (safe.isErr()) return err(safe.error);
    if (this.#lost) return err({ kind: "log-closed" });
    this.run.snapshots = [...this.run.snapshots, { lsn, body }].slice(-KEPT_SNAPSHOTS);
    return ok(lsn);
  }

  /** A log in memory keeps no digest. */
  digest(): string {
    return "";
  }

  /** There is no place to put frames aside in memory: they are dropped either way, one by one. */
  async retain(from: Lsn): Promise<Result<Retained, RetainFault>> {
    const { run } = this;
    if (this.#lost) return err({ kind: "log-closed" });
    if (run.fault !== undefined) return err(run.fault);
    const first = Math.max(run.first, Math.min(from, run.safeEnd - 1)) as Lsn;
    const dropped = run.dropBefore(first);
    const bytes = dropped.reduce((sum, { body }) => sum + body.length, 0);
    return ok({ first, frames: dropped.length, segments: 0, bytes });
  }

  override async close(): Promise<void> {
    if (!this.#lost) {
      this.settle();
      this.run.writer = undefined;
    }
    await super.close();
  }

  /** Makes all frames safe and tells those who wait; or tells them of the fault. */
  settle(): void {
    const { run } = this;
    if (run.fault === undefined) this.#markSafe();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of waiting) resolve(run.fault === undefined ? ok() : err(run.fault));
  }

  #markSafe(): void {
    this.run.safeEnd = this.run.end;
    this.#safe = this.#appended;
  }

  /** Closed, or taken away by a crash. */
  get #lost(): boolean {
    return this.run.writer !== this;
  }
}
