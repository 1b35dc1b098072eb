import { err, ok, type Result } from "neverthrow";
import { v7 } from "uuid";

import type { CreateFault, Logger, MetricsExporter, RunId, RunManifest, RunReader, RunStore } from "@refold/core";
import {
  describeRun,
  flowDifferences,
  forkPoint,
  forkRun as forkLog,
  forkSettings,
  recordedSettings,
  resolveConfiguration,
  type ConfigurationFault,
  type ConfigurationLayer,
  type Flow,
  type FlowFault,
  type Placeholder,
  type ForkPointFault,
  type ResumeFault,
} from "@refold/runtime";

import { hostHere } from "./host-here.ts";
import type { OpenedRun } from "./open-run.ts";
import { systemClock } from "./system-clock.ts";

export interface ForkRunOptions {
  /** Keeps the new run. */
  readonly store: RunStore;
  /** The run that it begins as. It stays open. */
  readonly parent: RunReader;
  /** The first frame of the parent that the new run does not have: its number, or the place of a record in it, `stage:seq`. */
  readonly at: string;
  /** What is set for the new run, over the settings on record of its parent. */
  readonly layers?: readonly ConfigurationLayer[];
  /** Called now and then with the number of frames that were read back. */
  readonly progress?: (frames: number) => void;
  readonly exporters?: readonly MetricsExporter[];
  readonly logger?: Logger;
  /** The flow's source file, so that a replay finds it. */
  readonly source?: NonNullable<RunManifest["source"]>;
}

/** Why a run was not forked. */
export type ForkRunFault =
  | CreateFault
  | ForkPointFault
  | ResumeFault
  | { readonly kind: "flow-invalid"; readonly faults: readonly FlowFault[] }
  | { readonly kind: "flow-unfinished"; readonly placeholders: readonly Placeholder[] }
  | { readonly kind: "configuration-invalid"; readonly faults: readonly ConfigurationFault[] };

/**
 * Makes a new run that begins as another one began and then goes on by itself, with other code or settings: a handle that
 * waits to be told to run. Random numbers stem from the root of the parent, so those of the beginning are the same; the keys
 * of its calls and deliveries are its own. What the parent had delivered by then is not delivered again; what comes after is, by both.
 */
export async function forkRun(flow: Flow, options: ForkRunOptions): Promise<Result<OpenedRun, ForkRunFault>> {
  const { store, parent, at, layers = [], progress, exporters = [], logger, source } = options;
  const built = flow.build();
  if (built.isErr()) return err({ kind: "flow-invalid", faults: built.error });
  const { placeholders } = built.value;
  if (placeholders.length > 0) return err({ kind: "flow-unfinished", placeholders });
  const differences = flowDifferences(parent.manifest, built.value);
  if (differences.length > 0) return err({ kind: "flow-differs", differences });
  const own = resolveConfiguration({ layers, topology: built.value.topology });
  if (own.isErr()) return err({ kind: "configuration-invalid", faults: own.error });
  const point = await forkPoint(parent, at);
  if (point.isErr()) return err(point.error);
  const configuration = forkSettings(recordedSettings(parent.manifest), own.value);
  const manifest = describeRun(built.value, {
    runId: v7() as RunId,
    createdAtMs: systemClock.now(),
    durability: configuration.flow("log.durability"),
    configuration: configuration.entries(),
    forks: { manifest: parent.manifest, at: point.value },
    ...(source === undefined ? {} : { source }),
  });
  const log = await store.create(manifest);
  if (log.isErr()) return err(log.error);
  const handle = await forkLog(built.value, parent, log.value, hostHere(logger), {
    settings: configuration,
    exporters,
    ...(source === undefined ? {} : { source }),
    ...(progress === undefined ? {} : { progress }),
  });
  return handle.isErr()
    ? err(handle.error)
    : ok({ handle: handle.value, manifest, configuration, location: store.locate(manifest) });
}
