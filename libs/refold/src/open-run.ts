import { err, ok, type Result } from "neverthrow";
import { v7 } from "uuid";

import type { CreateFault, Logger, MetricsExporter, RunId, RunManifest, RunStore } from "@refold/core";
import {
  codeLayer,
  describeRun,
  resolveConfiguration,
  startRun,
  type Configuration,
  type ConfigurationFault,
  type ConfigurationLayer,
  type Flow,
  type FlowFault,
  type FlowHandle,
  type Placeholder,
  type ResolvedConfiguration,
} from "@refold/runtime";

import { hostHere } from "./host-here.ts";
import { systemClock } from "./system-clock.ts";

export interface OpenRunOptions {
  /** Where the run is kept, such as `fileStore({ directory: "runs" })`. */
  readonly store: RunStore;
  /** What the program sets for the run. It is stronger than what the flow sets for itself. */
  readonly configuration?: Configuration;
  /** What else is to count: the environment, files, a command line. Without them, none of these does. */
  readonly layers?: readonly ConfigurationLayer[];
  /** Get the figures of the run from time to time, and the final ones. */
  readonly exporters?: readonly MetricsExporter[];
  /** Hears of what is not worth a record, such as an exporter that fails. */
  readonly logger?: Logger;
  /** The flow's source file, so that a replay finds it. */
  readonly source?: NonNullable<RunManifest["source"]>;
}

/** Why a run did not begin. */
export type OpenRunFault =
  | CreateFault
  | { readonly kind: "flow-invalid"; readonly faults: readonly FlowFault[] }
  /** Parts of the flow are not written yet. */
  | { readonly kind: "flow-unfinished"; readonly placeholders: readonly Placeholder[] }
  | { readonly kind: "configuration-invalid"; readonly faults: readonly ConfigurationFault[] };

export interface OpenedRun {
  readonly handle: FlowHandle;
  readonly manifest: RunManifest;
  /** What is in effect for the run. The manifest holds the same, as plain data. */
  readonly configuration: ResolvedConfiguration;
  /** Where people find the run. */
  readonly location: string;
}

/** Builds a flow, settles its configuration, and makes a new run of it, which waits to be told to run. */
export async function openRun(flow: Flow, options: OpenRunOptions): Promise<Result<OpenedRun, OpenRunFault>> {
  const built = flow.build();
  if (built.isErr()) return err({ kind: "flow-invalid", faults: built.error });
  const { placeholders } = built.value;
  if (placeholders.length > 0) return err({ kind: "flow-unfinished", placeholders });
  const { store, source, exporters = [], logger } = options;
  const resolved = resolveConfiguration({ layers: layersOf(flow, options), topology: built.value.topology });
  if (resolved.isErr()) return err({ kind: "configuration-invalid", faults: resolved.error });
  const configuration = resolved.value;
  const manifest = describeRun(built.value, {
    runId: v7() as RunId,
    createdAtMs: systemClock.now(),
    durability: configuration.flow("log.durability"),
    configuration: configuration.entries(),
    ...(source === undefined ? {} : { source }),
  });
  const log = await store.create(manifest);
  if (log.isErr()) return err(log.error);
  const handle = startRun(built.value, log.value, hostHere(logger), { settings: configuration, exporters });
  return ok({ handle, manifest, configuration, location: store.locate(manifest) });
}

/** Of two layers of code the later one is the stronger. */
function layersOf(
  flow: Flow,
  { configuration = {}, layers = [], source }: OpenRunOptions,
): readonly ConfigurationLayer[] {
  return [codeLayer(flow.configuration ?? {}, source?.path), codeLayer(configuration), ...layers];
}
