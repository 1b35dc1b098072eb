import { segmentFiles } from "../src/segment-files-here.ts";
import type { SegmentFile, SegmentFiles } from "../src/segment-files.ts";

/** Files of a process that is killed: after so many operations, none of its further ones is done. Half of a write may be. */
export class MortalFiles implements SegmentFiles {
  readonly #files = segmentFiles();
  /** How many operations are still done. */
  lifetime = Number.POSITIVE_INFINITY;

  create(path: string, synced: boolean): SegmentFile {
    this.#live();
    return this.#mortal(this.#files.create(path, synced));
  }

  extend(path: string, offset: number, synced: boolean): SegmentFile {
    this.#live();
    return this.#mortal(this.#files.extend(path, offset, synced));
  }

  write = async (path: string, text: string): Promise<void> => {
    const live = this.lifetime > 0;
    await this.#files.write(path, live ? text : text.slice(0, text.length >> 1));
    this.#live();
  };
  move = async (from: string, to: string): Promise<void> => {
    this.#live();
    return this.#files.move(from, to);
  };
  remove = async (path: string): Promise<void> => {
    this.#live();
    return this.#files.remove(path);
  };
  makeDirectory = async (path: string): Promise<void> => {
    this.#live();
    return this.#files.makeDirectory(path);
  };
  sync = async (path: string): Promise<void> => {
    this.#live();
    return this.#files.sync(path);
  };

  #live(): void {
    if (this.lifetime <= 0) throw new Error("the process was killed");
    this.lifetime--;
  }

  #mortal(file: SegmentFile): SegmentFile {
    return {
      append: async (bytes) => {
        if (this.lifetime <= 0) await file.append(bytes.subarray(0, bytes.length >> 1));
        this.#live();
        return file.append(bytes);
      },
      appendNow: (bytes) => {
        if (this.lifetime <= 0) file.appendNow(bytes.subarray(0, bytes.length >> 1));
        this.#live();
        file.appendNow(bytes);
      },
      close: () => file.close(),
    };
  }
}
