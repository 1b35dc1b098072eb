import { compareRuns, explainCompareFault } from "@refold/runtime";

import { refused } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun, type ReadableRun } from "../find-run.ts";
import { forMachines } from "../for-machines.ts";
import { loadRecordedFlow } from "../load-recorded-flow.ts";
import { comparisonLines } from "../rendering/comparison-lines.ts";
import { comparisonJson } from "../rendering/comparison-json.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { replayJson } from "../rendering/replay-json.ts";
import { findingLines } from "../rendering/replay-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { tornTailNote } from "../rendering/log-notes.ts";
import { asksForPart, type ReplayPartArgs } from "../replay-part-args.ts";
import { verifyAgain } from "../verify-again.ts";
import { exitOf, replayWatched, stillWritten } from "../replay-watched.ts";
import { reportFault } from "../report-fault.ts";

export interface VerifyArgs extends ReplayPartArgs {
  readonly run: string;
  /** A second run, to compare with in place of what the flow computes now. */
  readonly other?: string;
  readonly runs?: string;
  /** The flow to verify with; without it, the file that the run was recorded with. */
  readonly flow?: string;
  readonly json?: boolean;
}

/** `refold verify`: computes a run again and compares, and keeps nothing of it; or compares two runs that there are. */
export async function verifyCommand(args: VerifyArgs, io: CliIo): Promise<ExitCode> {
  if (args.other !== undefined && (asksForPart(args) || args.flow !== undefined)) {
    const why = "Two runs are compared by what they have on record, as a whole: nothing is computed.";
    return reportFault(refused(`${why} Name one run for --flow, --until, --stage, --cascade or --break-at.`), io);
  }
  return forMachines(args, io, () =>
    withRunAtRest(args, io, (run) =>
      args.other === undefined
        ? verify(run, args, io)
        : withRunAtRest({ ...args, run: args.other }, io, (other) => compare(run, other, args, io)),
    ),
  );
}

/** Opens a run that has come to rest, for as long as `use` takes. */
function withRunAtRest(
  wanted: Pick<VerifyArgs, "run" | "runs">,
  io: CliIo,
  use: (run: ReadableRun) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withRun(wanted, io, async (run) => {
    const early = stillWritten(run.reader);
    if (early !== undefined) return reportFault(early, io);
    const torn = tornTailNote(run.reader);
    if (torn !== undefined) void io.stderr.write(`${torn}\n`);
    return use(run);
  });
}

async function verify({ manifest, reader }: ReadableRun, args: VerifyArgs, io: CliIo): Promise<ExitCode> {
  const loaded = await loadRecordedFlow(manifest, args.flow, io);
  if (loaded.isErr()) return reportFault(loaded.error, io);
  const { definition, note } = loaded.value;
  if (note !== undefined) void io.stderr.write(`${note}\n`);
  const { clock } = io.host;
  const startedMs = clock.now();
  const replayed = await replayWatched({ reader, definition, args }, io);
  if (replayed.isErr()) return reportFault(replayed.error, io);
  const report = replayed.value;
  const tookMs = clock.now() - startedMs;
  if (args.json === true) {
    const { runId, flow } = manifest;
    await io.stdout.write(`${jsonValue({ run: runId, flow, tookMs, ...replayJson(report) })}\n`);
  } else {
    const finding = { report, tookMs, verify: verifyAgain(manifest.runId, args) };
    await io.stdout.write(`${findingLines(finding, styleFor(io.stdout, io.env)).join("\n")}\n`);
  }
  return exitOf(report.verdict);
}

async function compare(first: ReadableRun, second: ReadableRun, args: VerifyArgs, io: CliIo): Promise<ExitCode> {
  const compared = await compareRuns(first.reader, second.reader);
  if (compared.isErr()) {
    const exit = compared.error.kind === "storage" ? EXIT.machine : EXIT.refused;
    return reportFault({ exit, message: explainCompareFault(compared.error) }, io);
  }
  if (args.json === true) {
    const runs = { first: first.manifest.runId, second: second.manifest.runId, flow: first.manifest.flow };
    await io.stdout.write(`${jsonValue({ ...runs, ...comparisonJson(compared.value) })}\n`);
  } else {
    await io.stdout.write(`${comparisonLines(compared.value, styleFor(io.stdout, io.env)).join("\n")}\n`);
  }
  return exitOf(compared.value.verdict);
}
