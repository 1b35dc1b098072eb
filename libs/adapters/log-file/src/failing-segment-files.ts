import type { SegmentFile, SegmentFiles } from "./segment-files.ts";

/** A fault profile: files on which every write fails once there is a cause, and half of it is written all the same. */
export class FailingSegmentFiles implements SegmentFiles {
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
