import type { RecordDecoder, RunManifest, StorageFault, StoredFrame } from "@refold/core";
import { SYSTEM_LANE } from "@refold/core";

/** What the store keeps of one run, whoever has it open. */
export class MemoryRun {
  readonly manifest: RunManifest;
  readonly frames: StoredFrame[] = [];
  /** How many of the frames a crash would leave. */
  safeFrames = 0;
  /** The writer that holds the run. A crash takes it away. */
  writer: object | undefined;
  fault: StorageFault | undefined;
  #wakes: (() => void)[] = [];

  constructor(manifest: RunManifest) {
    this.manifest = manifest;
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
