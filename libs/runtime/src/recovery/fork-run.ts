import { err, ok, type Result } from "neverthrow";

import { FrameDecoder, type Lsn, type Position, type RunLog, type RunReader } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { FlowHandle } from "../pipeline/flow-handle.ts";
import type { RunHost } from "../pipeline/run-host.ts";
import { RecordedTypes } from "../replay/recorded-types.ts";
import type { ReplayFault } from "../replay/replay-report.ts";
import { unreadableFrame } from "../replay/unreadable-frame.ts";
import { goOn, type ResumeFault, type ResumeOptions } from "./resume-run.ts";

/**
 * Begins a run as another one began: copies the first frames of the parent, as many as `forkOf` in the manifest of `log` says,
 * in the versions of now, then goes on as `resumeRun` does, with the code of today. Whether that code computes the beginning is
 * not asked: if it does not, its states are what it makes of the recorded inputs, and the epoch is on record as forced. `log` is
 * new, made with what `describeRun` gave for a fork; it is closed if the run cannot be gone on with.
 */
export async function forkRun(
  definition: FlowDefinition,
  parent: RunReader,
  log: RunLog,
  host: RunHost,
  options: Omit<ResumeOptions, "force"> = {},
): Promise<Result<FlowHandle, ResumeFault>> {
  const copied = await copyFrames(
    parent,
    log,
    log.manifest.forkOf?.at ?? 0,
    new RecordedTypes(parent.manifest, definition.types),
  );
  if (copied.isOk()) return goOn(definition, log, host, { ...options, force: true, resumed: false });
  await log.close();
  return err(copied.error);
}

async function copyFrames(
  from: RunReader,
  into: RunLog,
  frames: number,
  types: RecordedTypes,
): Promise<Result<void, ReplayFault>> {
  const decoder = new FrameDecoder(from);
  let last: Position | undefined;
  copying: for await (const batch of from.read(0 as Lsn)) {
    if (batch.isErr()) return err(batch.error);
    for (const frame of batch.value) {
      const { lsn, lane, timeMs, firstSeq } = frame;
      if (lsn >= frames) break copying;
      const decoded = await decoder.decode(frame);
      if (decoded.isErr()) return err(unreadableFrame(decoded.error, lsn, from.manifest));
      const records = types.upcast(decoded.value.records, lsn);
      if ("kind" in records) return err(records);
      const appended = into.append({ lane, timeMs, firstSeq, records });
      if (appended.isErr()) return err(appended.error);
      last = appended.value;
    }
    await into.room();
  }
  return last === undefined ? ok() : into.whenSafe(last);
}
