import { closeSync, fdatasyncSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

const PIECE_BYTES = 256 * 1024;

/** How long it takes to write so many bytes in pieces of 256 KiB, each synced if asked, in milliseconds. */
export function timeRawWrites(directory: string, bytes: number, synced: boolean): number {
  const path = join(directory, "raw");
  const piece = new Uint8Array(PIECE_BYTES).fill(0x5a);
  const file = openSync(path, "wx");
  const startedMs = performance.now();
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    writeSync(file, piece, 0, Math.min(left, PIECE_BYTES));
    if (synced) fdatasyncSync(file);
  }
  const elapsedMs = performance.now() - startedMs;
  closeSync(file);
  rmSync(path);
  return elapsedMs;
}

/** How long each of so many small appends takes, synced if asked, in milliseconds. */
export function timeRawAppends(
  directory: string,
  options: { count: number; bytes: number; synced: boolean },
): number[] {
  const path = join(directory, "raw");
  const piece = new Uint8Array(options.bytes).fill(0x5a);
  const file = openSync(path, "wx");
  const times: number[] = [];
  for (let index = 0; index < options.count; index++) {
    const startedMs = performance.now();
    writeSync(file, piece);
    if (options.synced) fdatasyncSync(file);
    times.push(performance.now() - startedMs);
  }
  closeSync(file);
  rmSync(path);
  return times;
}

/** How long it takes to read every file of a directory in pieces of 256 KiB, in milliseconds. */
export function timeRawReads(directory: string): number {
  const piece = new Uint8Array(PIECE_BYTES);
  const startedMs = performance.now();
  for (const name of readdirSync(directory)) {
    const file = openSync(join(directory, name), "r");
    while (readSync(file, piece) > 0);
    closeSync(file);
  }
  return performance.now() - startedMs;
}

/** The bytes of all files of a directory. */
export function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
