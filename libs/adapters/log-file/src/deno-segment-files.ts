import type { SegmentFile, SegmentOpener } from "./segment-files.ts";

/** As much of `Deno.FsFile` as writing needs. */
interface DenoFile {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  seekSync(offset: number, whence: 0): number;
  syncData(): Promise<void>;
  syncDataSync(): void;
  close(): void;
}

interface DenoGlobal {
  openSync(path: string, options: { readonly write: true; readonly createNew?: true }): DenoFile;
}

/** Segments by `Deno.FsFile`: the callbacks of `node:fs` write on the calling thread there. `undefined` elsewhere. */
export function denoSegmentFiles(): SegmentOpener | undefined {
  const deno = (globalThis as { readonly Deno?: DenoGlobal }).Deno;
  if (deno === undefined) return undefined;
  return {
    create: (path, synced) => new DenoSegmentFile(deno.openSync(path, { write: true, createNew: true }), synced),
    extend(path, offset, synced) {
      const file = deno.openSync(path, { write: true });
      file.seekSync(offset, 0);
      return new DenoSegmentFile(file, synced);
    },
  };
}

class DenoSegmentFile implements SegmentFile {
  readonly #file: DenoFile;
  readonly #synced: boolean;

  constructor(file: DenoFile, synced: boolean) {
    this.#file = file;
    this.#synced = synced;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length;) start += await this.#file.write(bytes.subarray(start));
    if (this.#synced) await this.#file.syncData();
  }

  appendNow(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) start += this.#file.writeSync(bytes.subarray(start));
    if (this.#synced) this.#file.syncDataSync();
  }

  close(): void {
    this.#file.close();
  }
}
