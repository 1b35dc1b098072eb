import { err, ok, type Result } from "neverthrow";
import { v7 } from "uuid";

import type { CreateFault, Durability, RunId, RunManifest, RunStore } from "@refold/core";
import { describeRun, startRun, type Flow, type FlowFault, type FlowHandle } from "@refold/runtime";

import { runtimeName } from "./runtime-name.ts";
import { systemClock } from "./system-clock.ts";
import { VERSION } from "./version.ts";

export interface OpenRunOptions {
  /** Where the run is kept, such as `fileStore({ directory: "runs" })`. */
  readonly store: RunStore;
  /** When something on record counts as safe. `durable`, the default, outlives a loss of power. */
  readonly durability?: Durability;
  /** The flow's source file, so that a replay finds it. */
  readonly source?: NonNullable<RunManifest["source"]>;
}

/** Why a run did not begin. */
export type OpenRunFault = CreateFault | { readonly kind: "flow-invalid"; readonly faults: readonly FlowFault[] };

export interface OpenedRun {
  readonly handle: FlowHandle;
  readonly manifest: RunManifest;
  /** Where people find the run. */
  readonly location: string;
}

/** Builds a flow and makes a new run of it, which waits to be told to run. */
export async function openRun(flow: Flow, options: OpenRunOptions): Promise<Result<OpenedRun, OpenRunFault>> {
  const built = flow.build();
  if (built.isErr()) return err({ kind: "flow-invalid", faults: built.error });
  const { store, durability = "durable", source } = options;
  const manifest = describeRun(built.value, {
    runId: v7() as RunId,
    createdAtMs: systemClock.now(),
    durability,
    ...(source === undefined ? {} : { source }),
  });
  const log = await store.create(manifest);
  if (log.isErr()) return err(log.error);
  const handle = startRun(built.value, log.value, { clock: systemClock, runtime: runtimeName(), refold: VERSION });
  return ok({ handle, manifest, location: store.locate(manifest) });
}
