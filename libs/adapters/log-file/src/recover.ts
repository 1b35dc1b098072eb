import type { DamageFault, ReadFault, RunId, StorageFault, TornTail } from "@refold/core";
import { err, ok, type Result } from "neverthrow";
import { open, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

import { FrameCursor } from "./frame-cursor.ts";
import type { LogPlace } from "./log-place.ts";
import { markedSize, readSafeMark, type SafeMark } from "./safe-mark.ts";
import type { SegmentHeader } from "./segment-header.ts";
import { listSegments, segmentName } from "./segment-name.ts";
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
  /** The sizes of the segments before the last. */
  readonly sizes: readonly number[];
}

/**
 * Checks what a crash may have left unfinished and cuts a torn tail. Then what may not be on the device yet, though a process
 * had written it when it died, is synced: what is appended now builds on it. Throws what the file system throws.
 */
export async function recover(
  directory: string,
  runId: RunId,
  { first, synced }: { readonly first: number; readonly synced: boolean },
): Promise<Result<Recovered, DamageFault | StorageFault>> {
  const mark = await readSafeMark(directory);
  const sizes = await sizesFrom(directory, first);
  const walked = (mark && (await walkFromMark(directory, runId, mark, sizes))) ?? (await walkAll(directory, runId));
  if (walked.isErr()) return err(walked.error);
  const { end, tornTail } = walked.value;
  const last = segmentName(end.segment);
  if (tornTail !== undefined && tornTail.segment !== last) {
    // A segment that was begun, and whose header is not whole.
    await unlink(join(directory, tornTail.segment));
    syncDirectory(directory);
  }
  if (tornTail?.segment === last) await truncate(join(directory, last), end.offset);
  // At the levels that sync each write, segments before the last are on the device.
  const unsynced = synced ? end.segment : Math.max(first, mark?.place.segment ?? first);
  for (let number = unsynced; number <= end.segment; number++) await sync(join(directory, segmentName(number)));
  return ok({ end, tornTail, sizes: range(first, end.segment).map((number) => sizes.get(number) ?? 0) });
}

interface Walked {
  readonly end: LogPlace;
  readonly tornTail: TornTail | undefined;
}

async function walkAll(directory: string, runId: RunId): Promise<Result<Walked, DamageFault | StorageFault>> {
  const cursor = new FrameCursor(directory, runId);
  try {
    const sought = await cursor.seek(0);
    return (sought.isOk() ? await walkOn(cursor) : err(sought.error)).mapErr(notLetGo);
  } finally {
    await cursor.close();
  }
}

/**
 * From the segment on that the mark leaves unsure: the last one as a rule. The segments before have to be there with the sizes
 * that they had, and with headers that follow one another. `undefined` when anything is not as the mark says: a walk over all
 * then tells what it is.
 */
async function walkFromMark(
  directory: string,
  runId: RunId,
  mark: SafeMark,
  sizes: ReadonlyMap<number, number>,
): Promise<Result<Walked, never> | undefined> {
  const { place } = mark;
  for (const [number, size] of sizes) if (number < place.segment && size !== markedSize(mark, number)) return undefined;
  const complete = sizes.get(place.segment) === place.offset && sizes.has(place.segment + 1);
  let lsn = -1;
  const follows = (header: SegmentHeader): boolean => {
    if (header.firstLsn <= lsn) return false;
    lsn = header.firstLsn;
    return header.number <= place.segment || (header.firstLsn === place.lsn && header.chain === place.chain);
  };
  const cursor = new FrameCursor(directory, runId);
  try {
    const entered = await cursor.enter(complete ? place.segment + 1 : place.segment, follows);
    if (entered.isErr() || !entered.value) return undefined;
    const walked = await walkOn(cursor);
    return walked.isOk() ? ok(walked.value) : undefined;
  } finally {
    await cursor.close();
  }
}

async function walkOn(cursor: FrameCursor): Promise<Result<Walked, ReadFault>> {
  return (await toEnd(cursor)).map(() => ({ end: cursor.place, tornTail: cursor.tail }));
}

async function toEnd(cursor: FrameCursor): Promise<Result<void, ReadFault>> {
  for (;;) {
    const batch = await cursor.next();
    if (batch.isErr()) return err(batch.error);
    if (batch.value === undefined) return ok();
  }
}

/** Whoever holds the run for writing is the only one who could. */
function notLetGo(fault: ReadFault): DamageFault | StorageFault {
  if (fault.kind === "not-retained") throw new Error(`frames before ${fault.first} were let go of by no writer`);
  return fault;
}

async function sizesFrom(directory: string, first: number): Promise<ReadonlyMap<number, number>> {
  const sizes = new Map<number, number>();
  for (const number of await listSegments(directory)) {
    if (number >= first) sizes.set(number, (await stat(join(directory, segmentName(number)))).size);
  }
  return sizes;
}

async function truncate(path: string, size: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
