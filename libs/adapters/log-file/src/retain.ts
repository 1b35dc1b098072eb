import type { Lsn, Retained, RetainFault, RetainMode, RunId } from "@refold/core";
import { err, ok, type Result } from "neverthrow";

import { FrameCursor } from "./frame-cursor.ts";
import { finishRetention, readRetention, writeRetention } from "./retention.ts";
import type { RunFiles } from "./segment-files.ts";

/**
 * Lets go of the segments before that of the frame `from`. The decision is on the device before any goes. Throws what the file
 * system throws.
 */
export async function retainFrom(
  files: RunFiles,
  directory: string,
  runId: RunId,
  from: number,
  how: RetainMode,
): Promise<Result<Retained, RetainFault>> {
  // What an earlier one could not end is done first, in its way.
  const earlier = await readRetention(directory);
  if (earlier.isErr()) return err(earlier.error);
  if (earlier.value !== undefined) await finishRetention(files, directory, earlier.value);
  const cursor = new FrameCursor(directory, runId);
  try {
    const sought = await cursor.seek(from);
    if (sought.isErr()) return sought.error.kind === "not-retained" ? nothing(cursor.first) : err(sought.error);
    const { segment, lsn, chain } = cursor.place;
    if (lsn <= cursor.first) return nothing(cursor.first);
    await writeRetention(files, directory, { segment, first: lsn as Lsn, chain, how });
    const gone = await finishRetention(files, directory, { segment, first: lsn as Lsn, chain, how });
    return ok({ first: lsn as Lsn, frames: lsn - cursor.first, ...gone });
  } finally {
    await cursor.close();
  }
}

function nothing(first: Lsn): Result<Retained, never> {
  return ok({ first, frames: 0, segments: 0, bytes: 0 });
}
