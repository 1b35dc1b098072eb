import type { RunId, RunLog } from "@refold/core";
import { resumeRun, type FlowHandle } from "@refold/runtime";
import { fileStore, openRun, runtimeName, systemClock, VERSION } from "refold";

import payments from "./payments.flow.ts";

/** Begins the run of the payments in a directory, or goes on with the one that is there, and runs it to its end. */
const [how, directory = ""] = process.argv.slice(2);
const store = fileStore({ directory });
const handle = how === "resume" ? await resumed() : await begun();
const report = await handle.run();
process.stdout.write(`${JSON.stringify({ status: report.status, fault: report.fault })}\n`);
process.exitCode = report.status === "completed" ? 0 : 1;

async function begun(): Promise<FlowHandle> {
  const opened = await openRun(payments, { store });
  if (opened.isErr()) throw new Error(`the run did not begin: ${opened.error.kind}`);
  return opened.value.handle;
}

async function resumed(): Promise<FlowHandle> {
  const log = await lastRun();
  const definition = payments.build();
  if (definition.isErr()) throw new Error("the flow cannot be built");
  const host = {
    clock: systemClock,
    abortController: () => new AbortController(),
    runtime: runtimeName(),
    refold: VERSION,
  };
  const resumed = await resumeRun(definition.value, log, host);
  if (resumed.isErr()) throw new Error(`the run cannot be gone on with: ${resumed.error.kind}`);
  return resumed.value;
}

async function lastRun(): Promise<RunLog> {
  const listed = await store.list();
  const runs: RunId[] = listed.isOk()
    ? listed.value.flatMap((each) => (each.kind === "run" ? [each.manifest.runId] : []))
    : [];
  const runId = runs.at(-1);
  const log = runId === undefined ? undefined : await store.resume(runId);
  if (log === undefined || log.isErr()) throw new Error(`there is no run to go on with in ${directory}`);
  return log.value;
}
