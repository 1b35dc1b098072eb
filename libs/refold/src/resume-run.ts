import { err, ok, type Result } from "neverthrow";

import type { Logger, MetricsExporter, OpenFault, RunId, RunManifest, RunStore } from "@refold/core";
import {
  recordedSettings,
  resumeRun as resumeLog,
  type Flow,
  type FlowFault,
  type Placeholder,
  type ResumeFault,
} from "@refold/runtime";

import { hostHere } from "./host-here.ts";
import type { OpenedRun } from "./open-run.ts";

export interface ResumeRunOptions {
  /** Where the run is kept. */
  readonly store: RunStore;
  readonly runId: RunId;
  /** Goes on although the flow does not compute what is on record. That it was forced is itself on record. */
  readonly force?: boolean;
  /**
   * Makes calls again that have failed on record, where the handler of an input that is still in hand throws because of that. What
   * a handler deals with otherwise stays. They are made with their keys, as calls in doubt are, and that they were is on record.
   */
  readonly retryFailed?: boolean;
  /** The flow's source file as it is now, to go on record. */
  readonly source?: NonNullable<RunManifest["source"]>;
  /** Called now and then with the number of frames that were read back. */
  readonly progress?: (frames: number) => void;
  /** Get the figures of the run from time to time, and the final ones. */
  readonly exporters?: readonly MetricsExporter[];
  /** Hears of what is not worth a record, such as an exporter that fails. */
  readonly logger?: Logger;
}

/** Why a run does not go on. */
export type ResumeRunFault =
  | OpenFault
  | ResumeFault
  | { readonly kind: "flow-invalid"; readonly faults: readonly FlowFault[] }
  | { readonly kind: "flow-unfinished"; readonly placeholders: readonly Placeholder[] };

/**
 * Goes on with a run that was killed, cancelled, or failed, where its record ends: takes it over for writing, checks that the
 * flow still computes what is on record, and gives a handle that waits to be told to run. Its settings are those on record.
 * Sources go on behind their last item, and sinks deliver what has no receipt.
 */
export async function resumeRun(flow: Flow, options: ResumeRunOptions): Promise<Result<OpenedRun, ResumeRunFault>> {
  const { store, runId, force = false, retryFailed = false, source, progress, exporters = [], logger } = options;
  const built = flow.build();
  if (built.isErr()) return err({ kind: "flow-invalid", faults: built.error });
  const { placeholders } = built.value;
  if (placeholders.length > 0) return err({ kind: "flow-unfinished", placeholders });
  const log = await store.resume(runId);
  if (log.isErr()) return err(log.error);
  const { manifest } = log.value;
  const configuration = recordedSettings(manifest);
  const handle = await resumeLog(built.value, log.value, hostHere(logger), {
    settings: configuration,
    exporters,
    force,
    retryFailed,
    ...(source === undefined ? {} : { source }),
    ...(progress === undefined ? {} : { progress }),
  });
  return handle.isErr()
    ? err(handle.error)
    : ok({ handle: handle.value, manifest, configuration, location: store.locate(manifest) });
}
