import type { ReadFault, RunId, TornTail } from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";

import { FrameCursor, type LogPlace } from "./frame-cursor.ts";
import { segmentName } from "./segment-name.ts";
import { syncDirectory } from "./sync-directory.ts";

/** What stands behind the last frame of a run, seen without changing it. Damage is told by reading, where it is met. */
export async function findTornTail(directory: string, runId: RunId): Promise<TornTail | undefined> {
  const cursor = new FrameCursor(directory, runId);
  try {
    const sought = await cursor.seek(Number.MAX_SAFE_INTEGER);
    return sought.isOk() && (await toEnd(cursor)).isOk() ? cursor.tail : undefined;
  } finally {
    await cursor.close();
  }
}

export interface Recovered {
  readonly end: LogPlace;
  /** What was cut. */
  readonly tornTail: TornTail | undefined;
}

/**
 * Checks the whole log and cuts a torn tail. Then the last segment is synced: frames that a process had written when it died
 * may not be on the device yet, and what is appended now builds on them. Throws what the file system throws.
 */
export async function recover(directory: string, runId: RunId): Promise<Result<Recovered, ReadFault>> {
  const cursor = new FrameCursor(directory, runId);
  try {
    const sought = await cursor.seek(0);
    const walked = sought.isOk() ? await toEnd(cursor) : sought;
    if (walked.isErr()) return err(walked.error);
    const end = cursor.place;
    const tornTail = cursor.tail;
    const last = segmentName(end.segment);
    if (tornTail !== undefined && tornTail.segment !== last) {
      // A segment that was begun, and whose header is not whole.
      await unlink(join(directory, tornTail.segment));
      syncDirectory(directory);
    }
    const file = await open(join(directory, last), "r+");
    try {
      if (tornTail?.segment === last) await file.truncate(end.offset);
      await file.sync();
    } finally {
      await file.close();
    }
    return ok({ end, tornTail });
  } finally {
    await cursor.close();
  }
}

async function toEnd(cursor: FrameCursor): Promise<Result<void, ReadFault>> {
  for (;;) {
    const batch = await cursor.next();
    if (batch.isErr()) return err(batch.error);
    if (batch.value === undefined) return ok();
  }
}
