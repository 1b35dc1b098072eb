import type { Result } from "neverthrow";

import type { RunLog, RunReader } from "@refold/core";
import {
  explainReplayFault,
  replayRun,
  type FlowDefinition,
  type ReplayFault,
  type ReplayReport,
} from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { hideWhilePrinting } from "./rendering/hide-while-printing.ts";
import { LiveProgress } from "./rendering/live-progress.ts";
import { countText } from "./rendering/table.ts";

/** Why a run is not looked at as a whole yet. */
export function stillWritten({ writing, manifest }: RunReader): CliFault | undefined {
  return writing
    ? refused(`The run ${manifest.runId} is still being written. Wait for its end, then replay it.`)
    : undefined;
}

/** Runs a history through a flow, with progress on a terminal. */
export async function replayWatched(
  options: { readonly reader: RunReader; readonly definition: FlowDefinition; readonly into?: RunLog },
  io: CliIo,
): Promise<Result<ReplayReport, ReplayFault>> {
  const { reader, definition, into } = options;
  const last = await reader.last();
  const total = last.isOk() && last.value !== undefined ? last.value.lsn + 1 : 0;
  let done = 0;
  const progress = new LiveProgress({
    output: io.stderr,
    clock: io.host.clock,
    lines: () => [`replaying ${definition.name}: ${countText(done)} of ${countText(total)} frames`],
  });
  const restore = hideWhilePrinting(progress, io);
  try {
    return await replayRun({
      recorded: reader,
      definition,
      ...(into === undefined ? {} : { into }),
      host: io.host,
      progress: (frames) => (done = frames),
    });
  } finally {
    progress.stop();
    restore?.();
  }
}

export function replayFault(fault: ReplayFault): CliFault {
  return { exit: fault.kind === "storage" ? EXIT.machine : EXIT.refused, message: explainReplayFault(fault) };
}

/** What a verdict is as an exit code. */
export function exitOf(verdict: ReplayReport["verdict"]): ExitCode {
  switch (verdict) {
    case "matched":
      return EXIT.done;
    case "diverged":
      return EXIT.failed;
    case "uncertified":
      return EXIT.uncertified;
  }
}
