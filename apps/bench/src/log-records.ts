import type { LaneId, LaneSeq, LogRecord, RunLog, TypeId } from "@refold/core";

import { must } from "./must.ts";
import { makeOrder } from "./order.ts";

const POOL = 1024;

/** Frames of data records with different orders, to be appended over and over. */
export function dataFrames(recordsPerFrame: number): readonly (readonly LogRecord[])[] {
  const records = Array.from({ length: POOL }, (_, index): LogRecord => ({
    kind: "data",
    type: 0 as TypeId,
    cause: index % 256,
    originLane: 1 as LaneId,
    originSeq: (1_000_000 + index) as LaneSeq,
    payload: makeOrder(index),
  }));
  return Array.from({ length: POOL / recordsPerFrame }, (_, index) =>
    records.slice(index * recordsPerFrame, (index + 1) * recordsPerFrame),
  );
}

/** Appends so many frames, heeding the log's room, and waits until all of them are safe. */
export async function appendFrames(
  log: RunLog,
  frames: readonly (readonly LogRecord[])[],
  count: number,
): Promise<void> {
  let seq = 0;
  let position = log.safe;
  for (let index = 0; index < count; index++) {
    const records = frames[index % frames.length] as readonly LogRecord[];
    const draft = { lane: 1 as LaneId, timeMs: 1_700_000_000_000 + index, firstSeq: seq as LaneSeq, records };
    position = must(log.append(draft));
    seq += records.length;
    const room = log.room();
    if (room !== undefined) await room;
  }
  must(await log.whenSafe(position));
}
