import type { LaneId, LaneSeq, LogRecord, RunStore } from "@refold/core";
import { testRunId, type DecodedFrame, type RecordedRun } from "@refold/testkit";

/** What becomes of a frame: its records as they are to be, none to leave it out, or `undefined` to end the run before it. */
export type Edit = (frame: DecodedFrame) => readonly LogRecord[] | undefined;

/** Writes a run again under another number, edited, as somebody might who tampers with a log. */
export async function rewrite(
  store: RunStore,
  recorded: Pick<RecordedRun, "manifest" | "frames">,
  number: number,
  edit: Edit,
): Promise<void> {
  const log = await store.create({ ...recorded.manifest, runId: testRunId(number) });
  if (log.isErr()) throw new Error("the copy cannot be made", { cause: log.error });
  const next = new Map<LaneId, number>();
  for (const frame of recorded.frames) {
    const records = edit(frame);
    if (records === undefined) break;
    if (records.length === 0) continue;
    const { lane, timeMs } = frame;
    const firstSeq = (next.get(lane) ?? 0) as LaneSeq;
    next.set(lane, firstSeq + records.length);
    const appended = log.value.append({ lane, timeMs, firstSeq, records });
    if (appended.isErr()) throw new Error("the copy cannot be written", { cause: appended.error });
  }
  await log.value.close();
}
