import type { Result } from "neverthrow";

import type { RunReader, StoredFrame } from "@refold/core";
import type { ReplayReport } from "@refold/runtime";
import { explainResumeRunFault, resumeRun, type OpenedRun, type ResumeRunFault } from "refold";

import type { CliIo } from "../cli-io.ts";
import { conductRun, type ConductArgs } from "../conduct-run.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRunFor, type FoundRun } from "../find-run.ts";
import { forMachines } from "../for-machines.ts";
import { loadRecordedFlow, type RecordedFlow } from "../load-recorded-flow.ts";
import { hideWhilePrinting } from "../rendering/hide-while-printing.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { LiveProgress } from "../rendering/live-progress.ts";
import { replayJson } from "../rendering/replay-json.ts";
import { divergenceLines, verdictTable } from "../rendering/replay-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { durationText } from "../rendering/time-text.ts";
import { countText } from "../rendering/table.ts";
import { tornTailNote } from "../rendering/log-notes.ts";
import { reportFault } from "../report-fault.ts";

export interface ResumeArgs extends ConductArgs {
  readonly run: string;
  /** The flow to go on with; without it, the file that the run was recorded with. */
  readonly flow?: string;
  /** Whether it goes on although the flow does not compute what is on record. */
  readonly force?: boolean;
  /** Whether calls are made again that have failed on record, where a handler ends on that. */
  readonly retryFailed?: boolean;
}

/** `refold resume`: goes on with a run that was killed, cancelled, or failed, to its end. */
export function resumeCommand(args: ResumeArgs, io: CliIo): Promise<ExitCode> {
  return forMachines(args, io, async () => {
    const found = await openRunFor(args, io);
    if (found.isErr()) return reportFault(found.error, io);
    const { reader, manifest } = found.value;
    const last = await lastFrame(reader);
    const frames = last === undefined ? 0 : last.lsn + 1;
    const torn = tornTailNote(reader);
    await reader.close();
    const loaded = await loadRecordedFlow(manifest, args.flow, io);
    if (loaded.isErr()) return reportFault(loaded.error, io);
    const behind = clockNote(last, io.host.clock.now());
    for (const note of [loaded.value.note, torn, behind]) if (note !== undefined) void io.stderr.write(`${note}\n`);
    const opened = await resumeWatched({ found: found.value, loaded: loaded.value, frames, args }, io);
    return opened.isOk() ? await conductRun(opened.value, args, io) : await refuse(opened.error, args, io);
  });
}

async function lastFrame(reader: RunReader): Promise<StoredFrame | undefined> {
  const last = await reader.last();
  return last.isOk() ? last.value : undefined;
}

/** Clocks of two machines may well be so far apart. */
const NOTED_BEHIND_MS = 1_000;

/** The time of a run never goes back. */
function clockNote(last: StoredFrame | undefined, nowMs: number): string | undefined {
  const behindMs = last === undefined ? 0 : last.timeMs - nowMs;
  if (!(behindMs > NOTED_BEHIND_MS)) return undefined;
  return (
    `The clock is ${durationText(behindMs)} behind the last time on record: it was set back, or is another machine's. ` +
    "The time of the run goes on from there, ahead of the clock."
  );
}

async function resumeWatched(
  what: {
    readonly found: FoundRun;
    readonly loaded: RecordedFlow;
    readonly frames: number;
    readonly args: ResumeArgs;
  },
  io: CliIo,
): Promise<Result<OpenedRun, ResumeRunFault>> {
  const { found, loaded, frames, args } = what;
  let done = 0;
  const progress = new LiveProgress({
    output: io.stderr,
    clock: io.host.clock,
    lines: () => [`taking up ${loaded.definition.name}: ${countText(done)} of ${countText(frames)} frames`],
  });
  const restore = hideWhilePrinting(progress, io);
  try {
    return await resumeRun(loaded.flow, {
      store: found.store,
      runId: found.manifest.runId,
      force: args.force === true,
      retryFailed: args.retryFailed === true,
      source: loaded.source,
      progress: (read) => (done = read),
    });
  } finally {
    progress.stop();
    restore?.();
  }
}

/** A divergence is shown as `verify` shows it. */
async function refuse(fault: ResumeRunFault, args: ResumeArgs, io: CliIo): Promise<ExitCode> {
  if (fault.kind === "resume-diverged") await showReport(fault.report, args, io);
  const exit = fault.kind === "storage" ? EXIT.machine : EXIT.refused;
  return reportFault({ exit, message: messageOf(fault) }, io);
}

function messageOf(fault: ResumeRunFault): string {
  const said = explainResumeRunFault(fault);
  return fault.kind === "resume-diverged" ? `${said} \`--force\` does.` : said;
}

async function showReport(report: ReplayReport, args: ResumeArgs, io: CliIo): Promise<void> {
  if (args.json === true) return io.stdout.write(`${jsonValue(replayJson(report))}\n`);
  const { first, stages } = report;
  const style = styleFor(io.stdout, io.env);
  const lines = [...verdictTable(stages), "", ...(first === undefined ? [] : divergenceLines(first, style))];
  await io.stdout.write(`${lines.join("\n")}\n`);
}
