import type { MetricsExporter, RunLog } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import { explainPlaceholder } from "../definition/placeholder.ts";
import type { CreditGate } from "../edge/credit-gate.ts";
import type { FlowHandle } from "./flow-handle.ts";
import type { RunHost } from "./run-host.ts";
import { RunClock } from "./run-clock.ts";
import { Run } from "./run.ts";
import { ResolvedConfiguration } from "../config/resolved-configuration.ts";

export interface StartOptions {
  /** What `resolveConfiguration` gave; without it, every default. */
  readonly settings?: ResolvedConfiguration;
  /** They stay open: whoever made them closes them. */
  readonly exporters?: readonly MetricsExporter[];
  /** Withhold credit on edges, in tests. One for an edge that the flow does not have does nothing. */
  readonly gates?: readonly CreditGate[];
}

/**
 * Begins a run of a flow over a log that is new. Nothing moves until the handle is told to. Throws where the definition has
 * placeholders: whoever makes the log looks for these before.
 */
export function startRun(
  definition: FlowDefinition,
  log: RunLog,
  host: RunHost,
  { settings = new ResolvedConfiguration([]), exporters = [], gates = [] }: StartOptions = {},
): FlowHandle {
  const { placeholders } = definition;
  if (placeholders.length > 0) throw new Error(placeholders.map(explainPlaceholder).join("\n"));
  return new Run({ definition, log, host: { ...host, clock: new RunClock(host.clock) }, settings, exporters, gates });
}
