import { closeSync, constants, fdatasync, fdatasyncSync, openSync, write, writeSync } from "node:fs";

import type { SegmentFile, SegmentOpener } from "./segment-files.ts";

// Absent on Windows, where a write is followed by fdatasync instead.
const O_DSYNC: number | undefined = (constants as { readonly O_DSYNC?: number }).O_DSYNC;

/** Segments by `node:fs`, for Node and Bun. A descriptor opened with O_DSYNC saves a second trip to the thread pool. */
export const nodeSegmentFiles: SegmentOpener = {
  create(path, synced) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    return new NodeSegmentFile(openSync(path, synced ? flags | (O_DSYNC ?? 0) : flags, 0o644), 0, synced);
  },
  extend(path, offset, synced) {
    const flags = constants.O_WRONLY;
    return new NodeSegmentFile(openSync(path, synced ? flags | (O_DSYNC ?? 0) : flags), offset, synced);
  },
};

class NodeSegmentFile implements SegmentFile {
  readonly #descriptor: number;
  readonly #syncAfter: boolean;
  #offset: number;

  constructor(descriptor: number, offset: number, synced: boolean) {
    this.#descriptor = descriptor;
    this.#offset = offset;
    this.#syncAfter = synced && O_DSYNC === undefined;
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => (error === null ? resolve() : reject(error));
      const writeFrom = (start: number): void => {
        write(this.#descriptor, bytes, start, bytes.length - start, this.#offset, (error, written) => {
          this.#offset += error === null ? written : 0;
          if (error !== null) reject(error);
          else if (start + written < bytes.length) writeFrom(start + written);
          else if (this.#syncAfter) fdatasync(this.#descriptor, settle);
          else resolve();
        });
      };
      writeFrom(0);
    });
  }

  appendNow(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) {
      const written = writeSync(this.#descriptor, bytes, start, bytes.length - start, this.#offset);
      this.#offset += written;
      start += written;
    }
    if (this.#syncAfter) fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
