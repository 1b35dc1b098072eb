import type { DamageFault, Lsn, RetainMode } from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { isCount, parseNote } from "./note.ts";
import { writeWhole } from "./run-files.ts";
import type { RunFiles } from "./segment-files.ts";
import { listSegments, segmentName } from "./segment-name.ts";
import { isSystemError } from "./storage-fault.ts";

const RETENTION = "retention.json";
/** Where segments go that are archived, in the directory of their run. */
const ARCHIVE = "archive";

/** Where a log begins. */
export interface LogStart {
  readonly segment: number;
  /** The lsn of its first frame. */
  readonly first: Lsn;
  /** The CRC of the frame before; 0 when there never was one. */
  readonly chain: number;
}

/** What was decided of the segments before the first that is kept. */
export interface Retention extends LogStart {
  readonly how: RetainMode;
}

/** The beginning of a log that is whole. */
export const WHOLE: LogStart = { segment: 1, first: 0 as Lsn, chain: 0 };

/** Where the log begins, or what is wrong with the file that tells of it. Throws what the file system throws. */
export async function readStart(directory: string): Promise<Result<LogStart, DamageFault>> {
  return (await readRetention(directory)).map((retention) => retention ?? WHOLE);
}

/** `undefined` for a log that is whole. */
export async function readRetention(directory: string): Promise<Result<Retention | undefined, DamageFault>> {
  let text: string;
  try {
    text = await readFile(join(directory, RETENTION), "utf8");
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return ok(undefined);
    throw cause;
  }
  const retention = parseRetention(text);
  if (retention !== undefined) return ok(retention);
  return err({ kind: "damaged", segment: RETENTION, offset: 0, lsn: 0 as Lsn, detail: "it is not what was written" });
}

/** Decides that the log begins anew. From now on segments before may be missing. */
export async function writeRetention(files: RunFiles, directory: string, retention: Retention): Promise<void> {
  await writeWhole(files, join(directory, RETENTION), `${JSON.stringify(retention)}\n`);
}

/**
 * Does what was decided to segments that are still there, the oldest first. Doing it again does no harm. Returns what they
 * took. Throws what the file system throws.
 */
export async function finishRetention(
  files: RunFiles,
  directory: string,
  { segment, how }: Retention,
): Promise<{ segments: number; bytes: number }> {
  const before = (await listSegments(directory)).filter((number) => number < segment);
  let bytes = 0;
  const archive = join(directory, ARCHIVE);
  if (how === "archive" && before.length > 0) await files.makeDirectory(archive);
  for (const number of before) {
    const path = join(directory, segmentName(number));
    bytes += (await stat(path)).size;
    if (how === "archive") await files.move(path, join(archive, segmentName(number)));
    else await files.remove(path);
  }
  if (before.length > 0) {
    if (how === "archive") await files.sync(archive);
    await files.sync(directory);
  }
  return { segments: before.length, bytes };
}

function parseRetention(text: string): Retention | undefined {
  const note = parseNote(text);
  if (note === undefined) return undefined;
  const { segment, first, chain, how } = note;
  if (!isCount(segment) || segment === 0 || !isCount(first) || !isCount(chain)) return undefined;
  if (how !== "archive" && how !== "drop") return undefined;
  return { segment, first: first as Lsn, chain, how };
}
