import type { Lsn, RecordDecoder, RunManifest, StorageFault, StoredFrame, StoredSnapshot } from "@refold/core";
import { SYSTEM_LANE } from "@refold/core";

/** What the store keeps of one run, whoever has it open. */
export class MemoryRun {
  readonly manifest: RunManifest;
  /** The frames that are still there: the first has the lsn `first`. */
  readonly frames: StoredFrame[] = [];
  first = 0 as Lsn;
  /** The newest last. */
  snapshots: readonly StoredSnapshot[] = [];
  /** The lsn before which a crash would leave all. */
  safeEnd = 0;
  /** The writer that holds the run. A crash takes it away. */
  writer: object | undefined;
  fault: StorageFault | undefined;
  #wakes: (() => void)[] = [];

  constructor(manifest: RunManifest) {
    this.manifest = manifest;
  }

  /** The lsn that the next frame gets. */
  get end(): Lsn {
    return (this.first + this.frames.length) as Lsn;
  }

  /** Up to `count` frames, from the one with the lsn `from` on, which must not be below `first`. */
  slice(from: number, count: number): StoredFrame[] {
    return this.frames.slice(from - this.first, from - this.first + count);
  }

  /** Forgets the frames before `first`; returns them. */
  dropBefore(first: Lsn): readonly StoredFrame[] {
    const dropped = this.frames.splice(0, first - this.first);
    this.first = first;
    return dropped;
  }

  /** Forgets the frames from `end` on, and what came of them. */
  cutAt(end: number): void {
    this.frames.length = end - this.first;
    this.snapshots = this.snapshots.filter(({ lsn }) => lsn <= end);
  }

  /** Resolves at the next {@link wake}. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}

/** Whether the frame ends its run. Only the system lane holds seals. */
export function isSeal(frame: StoredFrame, decoder: RecordDecoder): boolean {
  if (frame.lane !== SYSTEM_LANE) return false;
  const records = decoder.decode(frame.body);
  return records.isOk() && records.value.some((record) => record.kind === "seal");
}
