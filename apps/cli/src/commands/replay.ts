import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { err, ok, type Result } from "neverthrow";
import { v7 } from "uuid";

import type { RunId } from "@refold/core";
import { describeRun } from "@refold/runtime";

import { storeFault, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun, type ReadableRun } from "../find-run.ts";
import { forMachines } from "../for-machines.ts";
import { loadRecordedFlow, type RecordedFlow } from "../load-recorded-flow.ts";
import { jsonValue } from "../rendering/json-value.ts";
import { replayJson } from "../rendering/replay-json.ts";
import { replayLines } from "../rendering/replay-lines.ts";
import { styleFor } from "../rendering/style.ts";
import { tornTailNote } from "../rendering/log-notes.ts";
import type { PaceArgs, ReplayPartArgs } from "../replay-part-args.ts";
import { verifyAgain } from "../verify-again.ts";
import { exitOf, replayWatched, stillWritten } from "../replay-watched.ts";
import type { Replayed } from "../replayed.ts";
import { reportFault } from "../report-fault.ts";

export interface ReplayArgs extends ReplayPartArgs, PaceArgs {
  readonly run: string;
  readonly runs?: string;
  /** The flow to replay with; without it, the file that the run was recorded with. */
  readonly flow?: string;
  /** Whether the exit code tells how the recomputed records compare. */
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** `refold replay`: runs the recorded inputs through the flow again, as a new run, and compares. */
export function replayCommand(args: ReplayArgs, io: CliIo): Promise<ExitCode> {
  return forMachines(args, io, () => withRun(args, io, (recorded) => replay(recorded, args, io)));
}

async function replay(recorded: ReadableRun, args: ReplayArgs, io: CliIo): Promise<ExitCode> {
  const { manifest, reader } = recorded;
  const early = stillWritten(reader);
  if (early !== undefined) return reportFault(early, io);
  const loaded = await loadRecordedFlow(manifest, args.flow, io);
  if (loaded.isErr()) return reportFault(loaded.error, io);
  for (const note of [loaded.value.note, tornTailNote(reader)])
    if (note !== undefined) void io.stderr.write(`${note}\n`);
  const replayed = await makeCandidate(recorded, loaded.value, args, io);
  if (replayed.isErr()) return reportFault(replayed.error, io);
  const { report, location } = replayed.value;
  const kept = await keepReport(join(location, "verify.json"), replayed.value);
  if (kept.isErr()) return reportFault(kept.error, io);
  if (args.json === true) await io.stdout.write(`${jsonValue(reportObject(replayed.value))}\n`);
  else
    await io.stdout.write(
      `${replayLines(replayed.value, verifyAgain(manifest.runId, args), styleFor(io.stdout, io.env)).join("\n")}\n`,
    );
  return args.verify === true ? exitOf(report.verdict) : EXIT.done;
}

async function makeCandidate(
  recorded: ReadableRun,
  loaded: RecordedFlow,
  args: ReplayArgs,
  io: CliIo,
): Promise<Result<Replayed, CliFault>> {
  const { store, reader, manifest } = recorded;
  const { clock } = io.host;
  const startedMs = clock.now();
  const candidate = describeRun(loaded.definition, {
    runId: v7() as RunId,
    createdAtMs: startedMs,
    durability: manifest.durability,
    source: loaded.source,
    replays: manifest,
  });
  const log = await store.create(candidate);
  if (log.isErr()) return err(storeFault(log.error));
  const location = store.locate(candidate);
  const report = await replayWatched({ reader, definition: loaded.definition, into: log.value, args }, io);
  if (report.isOk()) {
    return ok({ recorded: manifest, candidate, location, report: report.value, tookMs: clock.now() - startedMs });
  }
  // A replay that was refused at the outset has computed nothing: its run is empty.
  if (log.value.bytes === 0) await rm(location, { recursive: true, force: true });
  return err(report.error);
}

function reportObject({ recorded, candidate, location, report, tookMs }: Replayed): object {
  const of = { run: candidate.runId, replayOf: recorded.runId, flow: recorded.flow, location, tookMs };
  return { ...of, ...replayJson(report) };
}

/** Keeps the report beside the log of the candidate. */
async function keepReport(path: string, replayed: Replayed): Promise<Result<void, CliFault>> {
  const readable = JSON.stringify(JSON.parse(jsonValue(reportObject(replayed))), undefined, 2);
  try {
    await writeFile(path, `${readable}\n`);
    return ok();
  } catch (cause) {
    return err(storeFault({ kind: "storage", operation: "write", path, cause }));
  }
}
