import { commandLineLayer, compareRuns, explainCompareFault } from "@refold/runtime";
import { explainForkRunFault, forkRun, type ForkRunFault, type OpenedRun } from "refold";

import { storeFault, type CliFault } from "../cli-fault.ts";
import type { CliIo } from "../cli-io.ts";
import { conductRun, type Afterword, type ConductArgs } from "../conduct-run.ts";
import { configurationInvalid } from "../configuration-invalid.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withRun, type FoundRun, type ReadableRun } from "../find-run.ts";
import { forMachines } from "../for-machines.ts";
import { loadRecordedFlow } from "../load-recorded-flow.ts";
import { comparisonJson } from "../rendering/comparison-json.ts";
import { comparisonLines } from "../rendering/comparison-lines.ts";
import { FORK_AND_ORIGINAL } from "../rendering/comparison-words.ts";
import { styleFor } from "../rendering/style.ts";
import { reportFault } from "../report-fault.ts";

export interface ForkArgs extends ConductArgs {
  readonly run: string;
  /** The first frame that the fork does not have: its number, or the place of a record in it. */
  readonly at: string;
  /** The flow to go on with; without it, the file that the run was recorded with. */
  readonly flow?: string;
  /** What is set for the fork, over the settings of its parent. */
  readonly set?: readonly string[];
}

/** `refold fork`: begins a new run as another one began, goes on by itself, and compares the two. */
export function forkCommand(args: ForkArgs, io: CliIo): Promise<ExitCode> {
  return forMachines(args, io, () => withRun(args, io, (parent) => fork(parent, args, io)));
}

async function fork(found: ReadableRun, args: ForkArgs, io: CliIo): Promise<ExitCode> {
  const { reader: parent, manifest, store } = found;
  const loaded = await loadRecordedFlow(manifest, args.flow, io);
  if (loaded.isErr()) return reportFault(loaded.error, io);
  const { flow, source, note } = loaded.value;
  if (note !== undefined) void io.stderr.write(`${note}\n`);
  const opened = await forkRun(flow, {
    store,
    parent,
    at: args.at,
    source,
    layers: [commandLineLayer(args.set ?? [])],
  });
  if (opened.isErr()) return reportFault(forkFault(opened.error, source.path), io);
  return conductRun(opened.value, args, io, () => comparedWith(found, opened.value, io));
}

function forkFault(fault: ForkRunFault, path: string): CliFault {
  if (fault.kind === "configuration-invalid") return configurationInvalid(path, fault.faults);
  return { exit: fault.kind === "storage" ? EXIT.machine : EXIT.refused, message: explainForkRunFault(fault) };
}

/** How the outputs of the fork differ from those of its parent. */
async function comparedWith({ store, manifest }: FoundRun, fork: OpenedRun, io: CliIo): Promise<Afterword> {
  const [parent, forked] = [await store.open(manifest.runId), await store.open(fork.manifest.runId)];
  if (parent.isErr()) return notCompared(storeFault(parent.error).message);
  if (forked.isErr()) {
    await parent.value.close();
    return notCompared(storeFault(forked.error).message);
  }
  const compared = await compareRuns(parent.value, forked.value);
  await Promise.all([parent.value.close(), forked.value.close()]);
  if (compared.isErr()) return notCompared(explainCompareFault(compared.error));
  const { verdict } = compared.value;
  return {
    lines: [
      `Compared with the run that it began as, ${manifest.runId}:`,
      "",
      ...comparisonLines(compared.value, styleFor(io.stdout, io.env), FORK_AND_ORIGINAL),
    ],
    json: {
      forkOf: fork.manifest.forkOf,
      // That a fork differs is no verdict on it.
      comparison: { ...comparisonJson(compared.value), verdict: verdict === "diverged" ? "different" : verdict },
    },
  };
}

function notCompared(why: string): Afterword {
  return { lines: [`Not compared with the run that it began as. ${why}`], json: { comparison: null } };
}
