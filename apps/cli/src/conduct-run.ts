import type { RunStore } from "@refold/core";
import type { OpenedRun, RunReport } from "refold";

import { abortOnCrash } from "./abort-on-crash.ts";
import { storeFault, type CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { hideWhilePrinting } from "./rendering/hide-while-printing.ts";
import { jsonValue } from "./rendering/json-value.ts";
import { LiveProgress } from "./rendering/live-progress.ts";
import { metricsText } from "./rendering/metrics-text.ts";
import { reportLines } from "./rendering/report-lines.ts";
import { runProgressLines } from "./rendering/run-progress.ts";
import { safeText } from "./rendering/safe-text.ts";
import { styleFor } from "./rendering/style.ts";
import { reportFault } from "./report-fault.ts";
import { runsFlag } from "./runs-directory.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import type { Warnings } from "./warnings.ts";

/** How a run is to be shown, and where it is kept. */
export interface ConductArgs {
  readonly runs?: string;
  readonly metrics?: boolean;
  readonly json?: boolean;
}

/** A run that waits to be told to run. */
export interface Conducted {
  readonly opened: OpenedRun;
  readonly store: RunStore;
  /** What the run was given as its logger. */
  readonly warnings: Warnings;
}

/** What is to be told of a run besides how it went, once it has ended. */
export interface Afterword {
  readonly lines: readonly string[];
  /** Goes into the object that `--json` writes. */
  readonly json: object;
}

/** Runs what was opened to its end, as signals allow, and tells how it went. */
export async function conductRun(
  { opened, store, warnings }: Conducted,
  args: ConductArgs,
  io: CliIo,
  afterword?: () => Promise<Afterword>,
): Promise<ExitCode> {
  const { handle } = opened;
  const { clock } = io.host;
  const startedMs = clock.now();
  const progress = new LiveProgress({
    output: io.stderr,
    clock,
    lines: () => runProgressLines(handle, clock.now() - startedMs),
  });
  warnings.progress = progress;
  const say = (text: string): void => {
    progress.hide();
    void io.stderr.write(`${safeText(text)}\n`);
  };
  const restore = hideWhilePrinting(progress, io);
  const unlisten = [stopOnSignals(opened, say, io), abortOnCrash(handle, say, io)];
  let report: RunReport;
  try {
    report = await handle.run();
  } finally {
    for (const stop of unlisten) stop();
    progress.stop();
    restore?.();
  }
  const tookMs = clock.now() - startedMs;
  const isWhole = await hasBeginning(store, opened);
  return conclude({ opened, report, tookMs, isWhole, afterword: await afterword?.() }, args, io);
}

/** Whether the run has all its frames. One that let go of the first ones is no run to compute again from its beginning. */
async function hasBeginning(store: RunStore, { manifest }: OpenedRun): Promise<boolean> {
  const reader = await store.open(manifest.runId);
  if (reader.isErr()) return true;
  const { first } = reader.value;
  await reader.value.close();
  return first === 0;
}

interface EndedRun {
  readonly opened: OpenedRun;
  readonly report: RunReport;
  readonly tookMs: number;
  readonly isWhole: boolean;
  readonly afterword: Afterword | undefined;
}

async function conclude(ended: EndedRun, args: ConductArgs, io: CliIo): Promise<ExitCode> {
  const { opened, report, isWhole } = ended;
  const { runId } = opened.manifest;
  const rejects = report.stages.some(({ rejected }) => rejected > 0);
  const next = {
    errors: rejects ? `npx refold errors ${runId}${runsFlag(args.runs)}` : undefined,
    replay: isWhole ? `npx refold replay ${runId} --verify${runsFlag(args.runs)}` : undefined,
    verify: isWhole ? undefined : `npx refold verify ${runId}${runsFlag(args.runs)}`,
    resume: report.status === "completed" ? undefined : resumeHint(ended, args),
  };
  if (args.json === true) await io.stdout.write(`${reportJson(ended, next)}\n`);
  else {
    const style = styleFor(io.stdout, io.env);
    const lines = [...reportLines({ ...ended, ...next, style })];
    if (ended.afterword !== undefined) lines.push("", ...ended.afterword.lines);
    if (args.metrics === true) lines.push("", metricsText(opened.handle.metrics(), io.stdout, style));
    await io.stdout.write(`${lines.join("\n")}\n`);
  }
  const fault = logFault(report);
  if (fault === undefined) return report.status === "completed" ? EXIT.done : EXIT.failed;
  reportFault({ ...fault, message: `The log failed while the run was going on. ${fault.message}` }, io);
  void io.stderr.write(`What is on record can be read: npx refold show ${runId}${runsFlag(args.runs)}\n`);
  return fault.exit;
}

/** A stage that failed on the outcome of a call fails on it again, unless the call is made again. */
function resumeHint({ opened, report }: EndedRun, { runs }: ConductArgs): string {
  const { manifest, handle } = opened;
  const failed = handle.topology.stages.find(({ name }) => name === report.fault?.stage);
  const again = failed?.kind === "effectful" ? " --retry-failed" : "";
  return `npx refold resume ${manifest.runId}${again}${runsFlag(runs)}`;
}

function logFault({ logFault: fault }: RunReport): CliFault | undefined {
  return fault === undefined ? undefined : storeFault(fault);
}

function reportJson(
  { opened, report, tookMs, afterword }: EndedRun,
  { replay, verify, resume }: Readonly<Record<"replay" | "verify" | "resume", string | undefined>>,
): string {
  const { manifest, location, handle } = opened;
  const { status, reason, fault, stages, abandoned } = report;
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
    abandoned,
    location,
    replay: replay ?? null,
    verify: verify ?? null,
    resume: resume ?? null,
    ...afterword?.json,
    metrics: handle.metrics(),
  });
}
