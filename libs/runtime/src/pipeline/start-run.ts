import type { Clock, Logger, MetricsExporter, RunLog } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { FlowHandle } from "./flow-handle.ts";
import { Run } from "./run.ts";
import { ResolvedConfiguration } from "../config/resolved-configuration.ts";

/** What a run needs of the world it runs in. */
export interface RunHost {
  readonly clock: Clock;
  /** The runtime with its version, such as `node 20.20.2`. */
  readonly runtime: string;
  /** The version of Refold. */
  readonly refold: string;
  readonly logger?: Logger;
}

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
