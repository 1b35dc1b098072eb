import { runStoreConformance, type FailingRunStore } from "@refold/testkit";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";

import { FileStore } from "./file-store.ts";
import { segmentFiles } from "./segment-files-here.ts";
import type { SegmentFile, SegmentFiles } from "./segment-files.ts";

for (const [size, segmentBytes] of [
  ["large", 64 * 1024 * 1024],
  ["small", 300],
] as const) {
  runStoreConformance({
    name: `fileStore with ${size} segments`,
    runner: { describe, it },
    open: async () => open(segmentBytes),
    profiles: { bounded: true, failing: async () => open(segmentBytes) },
  });
}

function open(segmentBytes: number): FailingRunStore {
  const directory = mkdtempSync(join(tmpdir(), "refold-file-store-"));
  const files = new FailingSegmentFiles(segmentFiles());
  return {
    store: new FileStore({ directory, segmentBytes }, files),
    reopen: async () => new FileStore({ directory, segmentBytes }, segmentFiles()),
    dispose: async () => rmSync(directory, { recursive: true }),
    fail(cause) {
      files.cause ??= cause;
    },
  };
}

/** A fault profile: files on which every write fails once there is a cause, and half of it is written all the same. */
class FailingSegmentFiles implements SegmentFiles {
  readonly #files: SegmentFiles;
  cause: Error | undefined;

  constructor(files: SegmentFiles) {
    this.#files = files;
  }

  create(path: string, synced: boolean): SegmentFile {
    return this.#failing(this.#files.create(path, synced));
  }

  extend(path: string, offset: number, synced: boolean): SegmentFile {
    return this.#failing(this.#files.extend(path, offset, synced));
  }

  write = async (path: string, text: string): Promise<void> => this.#unlessFailed((files) => files.write(path, text));
  move = async (from: string, to: string): Promise<void> => this.#unlessFailed((files) => files.move(from, to));
  remove = async (path: string): Promise<void> => this.#unlessFailed((files) => files.remove(path));
  makeDirectory = async (path: string): Promise<void> => this.#unlessFailed((files) => files.makeDirectory(path));
  sync = async (path: string): Promise<void> => this.#unlessFailed((files) => files.sync(path));

  async #unlessFailed(act: (files: SegmentFiles) => Promise<void>): Promise<void> {
    if (this.cause !== undefined) throw this.cause;
    return act(this.#files);
  }

  #failing(file: SegmentFile): SegmentFile {
    const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);
    return {
      append: async (bytes) => {
        if (this.cause === undefined) return file.append(bytes);
        await file.append(half(bytes));
        throw this.cause;
      },
      appendNow: (bytes) => {
        if (this.cause === undefined) return file.appendNow(bytes);
        file.appendNow(half(bytes));
        throw this.cause;
      },
      close: () => file.close(),
    };
  }
}
