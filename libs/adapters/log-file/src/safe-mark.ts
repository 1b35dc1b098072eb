import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { LogPlace } from "./log-place.ts";
import { isCount, parseNote } from "./note.ts";
import { writeWhole } from "./run-files.ts";
import type { RunFiles } from "./segment-files.ts";
import { segmentName } from "./segment-name.ts";

const SAFE = "safe.json";

/**
 * How far a log is known to have been whole and on the device. It is left beside the segments so that a resume need not
 * check all of them, and so that damage up to there is not taken for a write that a crash cut short. Nothing is lost with it.
 */
export interface SafeMark {
  readonly place: LogPlace;
  /** The sizes of the segments before that of the place: the last is the one just before. */
  readonly sizes: readonly number[];
}

/** `undefined` when there is none, or none that can be read: then less is known. */
export async function readSafeMark(directory: string): Promise<SafeMark | undefined> {
  try {
    return parseMark(await readFile(join(directory, SAFE), "utf8"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return undefined;
    throw cause;
  }
}

/** What the mark says of the size of a segment before its own, if it says anything. */
export function markedSize({ place, sizes }: SafeMark, segment: number): number | undefined {
  return sizes.at(segment - place.segment);
}

/** Keeps the mark of a log that is being written: one file operation at a time, the latest state alone. */
export class SafeMarkKeeper {
  readonly #files: RunFiles;
  readonly #directory: string;
  /** The sizes of all segments that are complete, as far back as they are known. */
  readonly #sizes: number[];
  #next: SafeMark | undefined;
  #unsynced: number[] = [];
  #failed = false;
  #writing: Promise<void> | undefined;

  constructor(files: RunFiles, directory: string, sizes: readonly number[]) {
    this.#files = files;
    this.#directory = directory;
    this.#sizes = [...sizes];
  }

  /** All before `place` is on the device. */
  mark(place: LogPlace): void {
    if (this.#failed) return;
    this.#next = { place, sizes: [...this.#sizes] };
    this.#writing ??= this.#write();
  }

  /** The segment that ends at `end` is complete. Unless its writes were synced, it is synced now. */
  complete(end: LogPlace, synced: boolean): void {
    if (!synced) this.#unsynced.push(end.segment);
    this.mark(end);
    this.#sizes.push(end.offset);
  }

  /** So many segments, the oldest, are there no longer. */
  forget(segments: number): void {
    this.#sizes.splice(0, segments);
  }

  /** When nothing more is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** When one cannot be written, there is no further: a later one would also speak of what could not be synced. */
  async #write(): Promise<void> {
    try {
      while (this.#next !== undefined) {
        const { place, sizes } = this.#next;
        const unsynced = this.#unsynced;
        this.#next = undefined;
        this.#unsynced = [];
        for (const number of unsynced) await this.#files.sync(join(this.#directory, segmentName(number)));
        await writeWhole(this.#files, join(this.#directory, SAFE), `${JSON.stringify({ ...place, sizes })}\n`);
      }
    } catch {
      this.#failed = true;
    } finally {
      this.#writing = undefined;
    }
  }
}

function parseMark(text: string): SafeMark | undefined {
  const note = parseNote(text);
  if (note === undefined) return undefined;
  const { segment, offset, lsn, chain, sizes } = note;
  if (!isCount(segment) || !isCount(offset) || !isCount(lsn) || !isCount(chain)) return undefined;
  if (!Array.isArray(sizes) || !sizes.every(isCount)) return undefined;
  return { place: { segment, offset, lsn, chain }, sizes };
}
