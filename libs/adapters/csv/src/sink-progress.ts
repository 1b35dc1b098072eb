import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { CsvError } from "./csv-fault.ts";

/** How far a run has come with a file: what is committed of it, and which items that holds. */
export interface SinkProgress {
  readonly run: string;
  /** What lies behind these bytes is not committed. */
  readonly bytes: number;
  readonly columns: readonly string[];
  /** By the stage that the items come from: the seq of the last one. Each stage's items come in the order of their seqs. */
  readonly lanes: Readonly<Record<string, number>>;
}

function progressPath(path: string): string {
  return `${path}.progress`;
}

/** The progress that is kept beside the file; `undefined` if there is none. */
export async function readProgress(path: string): Promise<SinkProgress | undefined> {
  const kept = progressPath(path);
  let text: string;
  try {
    text = await readFile(kept, "utf8");
  } catch (cause) {
    if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable(kept, cause);
  }
  if (!isProgress(value)) throw unusable(kept, undefined);
  return value;
}

/** Replaces the progress that is kept, at once and for good: also a power failure leaves the one or the other. */
export async function writeProgress(path: string, progress: SinkProgress): Promise<void> {
  const kept = progressPath(path);
  const written = `${kept}.new`;
  const file = await open(written, "w");
  try {
    await file.writeFile(JSON.stringify(progress));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(written, kept);
  await syncFolderOf(kept);
}

/** Makes names in the folder of the path outlive a power failure. */
async function syncFolderOf(path: string): Promise<void> {
  // Windows neither needs nor allows it.
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isProgress(value: unknown): value is SinkProgress {
  const { run, bytes, columns, lanes } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof run === "string" &&
    isCount(bytes) &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === "string") &&
    typeof lanes === "object" &&
    lanes !== null &&
    Object.values(lanes).every(isCount)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unusable(path: string, cause: unknown): CsvError {
  const detail = "it does not say how far the file is committed; remove it to have the file written anew";
  return new CsvError({ kind: "unusable-csv-progress", path, detail }, { cause });
}
