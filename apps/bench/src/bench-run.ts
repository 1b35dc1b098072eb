import { rmSync } from "node:fs";
import type { Durability, MetricsExporter, RunId, RunLog, RunManifest, RunStore } from "@refold/core";
import {
  codeLayer,
  describeRun,
  resolveConfiguration,
  startRun,
  type Configuration,
  type FlowDefinition,
  type FlowHandle,
  type RunHost,
} from "@refold/runtime";
import { runtimeName, systemClock, VERSION } from "refold";

import { must } from "./must.ts";

export const HOST: RunHost = {
  clock: systemClock,
  abortController: () => new AbortController(),
  runtime: runtimeName(),
  refold: VERSION,
};

export interface NewRun {
  readonly definition: FlowDefinition;
  readonly store: RunStore;
  readonly durability: Durability;
  /** Unique within the process. */
  readonly number: number;
  readonly replays?: RunManifest;
  /** What differs from the defaults. */
  readonly configuration?: Configuration;
  readonly exporters?: readonly MetricsExporter[];
}

/** A new run's log, held for writing. */
export async function createLog({ definition, store, durability, number, replays }: NewRun): Promise<RunLog> {
  const manifest = describeRun(definition, {
    runId: `01900000-0000-7000-8000-${String(number).padStart(12, "0")}` as RunId,
    createdAtMs: HOST.clock.now(),
    durability,
    ...(replays === undefined ? {} : { replays }),
  });
  return must(await store.create(manifest));
}

/** A new run of a flow, which waits to be told to run. */
export async function createRun(run: NewRun): Promise<{ readonly handle: FlowHandle; readonly location: string }> {
  const { definition, store, configuration = {}, exporters = [] } = run;
  const layers = [codeLayer(configuration)];
  const settings = must(resolveConfiguration({ layers, topology: definition.topology }));
  const log = await createLog(run);
  return { handle: startRun(definition, log, HOST, { settings, exporters }), location: store.locate(log.manifest) };
}

/** How long the run took from its start until all of it was safe, in milliseconds. Only a completed run counts. */
export async function timeRun(handle: FlowHandle): Promise<number> {
  const startedMs = performance.now();
  const report = await handle.run();
  const elapsedMs = performance.now() - startedMs;
  if (report.status !== "completed") {
    throw new Error(`the run was ${report.status}: ${report.reason ?? "no reason"}`, { cause: report.logFault });
  }
  return elapsedMs;
}

/** Removes a run outside of what is timed: to unlink large files takes a while. */
export function removeRun(location: string): void {
  rmSync(location, { recursive: true });
}
