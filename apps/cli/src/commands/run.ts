import type { Durability } from "@refold/core";
import { explainPlaceholder } from "@refold/runtime";
import { openRun, type OpenedRun, type OpenRunFault, type RunReport } from "refold";

import { abortOnCrash } from "../abort-on-crash.ts";
import { refusedFor, storeFault, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { configurationInvalid } from "../configuration-invalid.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { flowInvalid } from "../flow-invalid.ts";
import { loadFlow } from "../load-flow.ts";
import { hideWhilePrinting } from "../rendering/hide-while-printing.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { LiveProgress } from "../rendering/live-progress.ts";
import { metricsText } from "../rendering/metrics-text.ts";
import { reportLines } from "../rendering/report-lines.ts";
import { runProgressLines } from "../rendering/run-progress.ts";
import { safeText } from "../rendering/safe-text.ts";
import { styleFor } from "../rendering/style.ts";
import { reportFault } from "../report-fault.ts";
import { runLayers, type SettingArgs } from "../run-layers.ts";
import { runsDirectory, runsFlag } from "../runs-directory.ts";
import { stopOnSignals } from "../stop-on-signals.ts";

export const DURABILITIES: readonly Durability[] = ["buffered", "durable", "strict"];

export interface RunArgs extends SettingArgs {
  readonly file: string;
  readonly runs?: string;
  readonly metrics?: boolean;
  readonly json?: boolean;
}

/** `refold run`: loads a flow and what is set for it, runs it to its end, and says where the run is kept. */
export async function runCommand(args: RunArgs, io: CliIo): Promise<ExitCode> {
  // With --json, standard output is for machines alone; what the flow prints goes the other way.
  const restore = args.json === true ? io.divertPrints((text) => void io.stderr.write(text)) : undefined;
  try {
    const loaded = await loadFlow(args.file, io);
    if (loaded.isErr()) return reportFault(loaded.error, io);
    const { flow, source } = loaded.value;
    const layers = await runLayers(args, source.path, io);
    if (layers.isErr()) return reportFault(layers.error, io);
    const store = io.openStore(runsDirectory(args.runs, io));
    const opened = await openRun(flow, { store, source, layers: layers.value });
    if (opened.isErr()) return reportFault(openFault(opened.error, source.path), io);
    return await conduct(opened.value, args, io);
  } finally {
    restore?.();
  }
}

function openFault(fault: OpenRunFault, path: string): CliFault {
  switch (fault.kind) {
    case "flow-invalid":
      return flowInvalid(path, fault.faults);
    case "flow-unfinished":
      return refusedFor(`The flow in ${path} is not finished`, fault.placeholders.map(explainPlaceholder));
    case "configuration-invalid":
      return configurationInvalid(path, fault.faults);
    case "run-exists":
    case "storage":
      return storeFault(fault);
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
  return conclude({ opened, report, tookMs: clock.now() - startedMs }, args, io);
}

interface EndedRun {
  readonly opened: OpenedRun;
  readonly report: RunReport;
  readonly tookMs: number;
}

async function conclude(ended: EndedRun, args: RunArgs, io: CliIo): Promise<ExitCode> {
  const { opened, report } = ended;
  const { runId } = opened.manifest;
  const replay = `npx refold replay ${runId} --verify${runsFlag(args.runs)}`;
  if (args.json === true) await io.stdout.write(`${reportJson(ended, replay)}\n`);
  else {
    const style = styleFor(io.stdout, io.env);
    const lines = [...reportLines({ ...ended, replay, style })];
    if (args.metrics === true) lines.push("", metricsText(opened.handle.metrics(), io.stdout, style));
    await io.stdout.write(`${lines.join("\n")}\n`);
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

function reportJson({ opened, report, tookMs }: EndedRun, replay: string): string {
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
    replay,
    metrics: handle.metrics(),
  });
}
