import type { MetricsExporter, RunLog } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { FlowHandle } from "./flow-handle.ts";
import type { RunHost } from "./run-host.ts";
import { Run } from "./run.ts";
import { ResolvedConfiguration } from "../config/resolved-configuration.ts";

export interface StartOptions {
  /** What `resolveConfiguration` gave; without it, every default. */
  readonly settings?: ResolvedConfiguration;
  readonly exporters?: readonly MetricsExporter[];
}

/** Begins a run of a flow over a log that is new. Nothing moves until the handle is told to. */
export function startRun(
  definition: FlowDefinition,
  log: RunLog,
  host: RunHost,
  { settings = new ResolvedConfiguration([]), exporters = [] }: StartOptions = {},
): FlowHandle {
  return new Run({ definition, log, host, settings, exporters });
}
