import type { Durability } from "@refold/core";
import { openRun, type OpenedRun, type RunReport } from "refold";

import { storeFault, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, SIGNAL_EXIT, type ExitCode } from "../exit-codes.ts";
import { flowInvalid } from "../flow-invalid.ts";
import { loadFlow } from "../load-flow.ts";
import { hideWhilePrinting } from "../rendering/hide-while-printing.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { LiveProgress } from "../rendering/live-progress.ts";
import { reportLines } from "../rendering/report-lines.ts";
import { runProgressLines } from "../rendering/run-progress.ts";
import { styleFor } from "../rendering/style.ts";
import { reportFault } from "../report-fault.ts";
import { runsDirectory, runsFlag } from "../runs-directory.ts";

export const DURABILITIES: readonly Durability[] = ["buffered", "durable", "strict"];

export interface RunArgs {
  readonly file: string;
  readonly runs?: string;
  readonly durability?: Durability;
  readonly json?: boolean;
}

/** `refold run`: loads a flow, runs it to its end, and says where the run is kept. */
export async function runCommand(args: RunArgs, io: CliIo): Promise<ExitCode> {
  // With --json, standard output is for machines alone; what the flow prints goes the other way.
  const restore = args.json === true ? io.divertPrints((text) => void io.stderr.write(text)) : undefined;
  try {
    const loaded = await loadFlow(args.file, io);
    if (loaded.isErr()) return reportFault(loaded.error, io);
    const { flow, source } = loaded.value;
    const store = io.openStore(runsDirectory(args.runs, io));
    const opened = await openRun(flow, {
      store,
      source,
      ...(args.durability === undefined ? {} : { durability: args.durability }),
    });
    if (opened.isErr()) {
      const { error } = opened;
      return reportFault(
        error.kind === "flow-invalid" ? flowInvalid(source.path, error.faults) : storeFault(error),
        io,
      );
    }
    return await conduct(opened.value, args, io);
  } finally {
    restore?.();
  }
}

async function conduct(opened: OpenedRun, args: RunArgs, io: CliIo): Promise<ExitCode> {
  const { handle } = opened;
  const { clock } = io.host;
  const startedMs = clock.now();
  const progress = new LiveProgress({
    output: io.stderr,
    clock,
    lines: () => runProgressLines(handle, clock.now() - startedMs),
  });
  const restore = hideWhilePrinting(progress, io);
  const unlisten = stopOnSignal(opened, progress, io);
  let report: RunReport;
  try {
    report = await handle.run();
  } finally {
    unlisten();
    progress.stop();
    restore?.();
  }
  return conclude({ opened, report, tookMs: clock.now() - startedMs }, args, io);
}

/** Launchers such as npm pass on a signal that the terminal has sent to all by itself: one keystroke arrives twice. */
const SAME_KEYSTROKE_MS = 500;

/** The first signal stops the run, which then ends in order; the second one does not wait for that. */
function stopOnSignal({ handle }: OpenedRun, progress: LiveProgress, io: CliIo): () => void {
  let stoppedMs: number | undefined;
  return io.onSignal((signal) => {
    const nowMs = io.host.clock.now();
    if (stoppedMs !== undefined) {
      if (nowMs - stoppedMs < SAME_KEYSTROKE_MS) return;
      progress.hide();
      io.exitNow(SIGNAL_EXIT[signal]);
      return;
    }
    stoppedMs = nowMs;
    progress.hide();
    void io.stderr.write(`Stopping the run after ${signal}; once more to end at once.\n`);
    handle.stop(`stopped by ${signal}`);
  });
}

async function conclude(
  ended: { readonly opened: OpenedRun; readonly report: RunReport; readonly tookMs: number },
  args: RunArgs,
  io: CliIo,
): Promise<ExitCode> {
  const { opened, report } = ended;
  const { runId } = opened.manifest;
  const replay = `npx refold replay ${runId} --verify${runsFlag(args.runs)}`;
  if (args.json === true) await io.stdout.write(`${reportJson(ended, replay)}\n`);
  else {
    const style = styleFor(io.stdout, io.env);
    await io.stdout.write(`${reportLines({ ...ended, replay, style }).join("\n")}\n`);
  }
  const fault = logFault(report);
  if (fault === undefined) return report.status === "completed" ? EXIT.done : EXIT.failed;
  reportFault({ ...fault, message: `The log failed while the run was going on. ${fault.message}` }, io);
  void io.stderr.write(`What is on record can be read: npx refold show ${runId}${runsFlag(args.runs)}\n`);
  return fault.exit;
}

function logFault({ logFault: fault }: RunReport): CliFault | undefined {
  return fault === undefined ? undefined : storeFault(fault);
}

function reportJson(
  { opened, report, tookMs }: { readonly opened: OpenedRun; readonly report: RunReport; readonly tookMs: number },
  replay: string,
): string {
  const { manifest, location } = opened;
  const { status, reason, fault, stages } = report;
  const logged = logFault(report)?.message;
  return jsonValue({
    runId: manifest.runId,
    flow: manifest.flow,
    status,
    reason: reason ?? null,
    failure: fault ?? null,
    logFault: logged ?? null,
    tookMs,
    stages,
    location,
    replay,
  });
}
