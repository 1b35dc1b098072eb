import { err, type Result } from "neverthrow";

import type { RunLog, RunReader } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { RunHost } from "../pipeline/run-host.ts";
import { flowDifferences } from "./flow-differences.ts";
import { HistoryReplay } from "./history-replay.ts";
import type { ReplayFault, ReplayReport } from "./replay-report.ts";

export interface ReplayOptions {
  /** The run that is replayed. */
  readonly recorded: RunReader;
  /** The flow as it is now. */
  readonly definition: FlowDefinition;
  /** Takes what is computed, as a run of its own, with the lanes and types of the recorded one. The replay closes it. */
  readonly into?: RunLog;
  readonly host: Omit<RunHost, "abortController">;
  /** How many bytes of earlier frames are kept for payloads that later ones pass on: 64 MiB, unless it is given. */
  readonly keepBytes?: number;
  /** Called now and then with the number of frames done. */
  readonly progress?: (frames: number) => void;
}

/**
 * Runs a recorded history through a flow: sources, merge order and time come from the record, everything else is computed
 * again and held against it, each stage by its recorded inputs. Nothing outside is touched: no source is opened, no sink.
 */
export async function replayRun(options: ReplayOptions): Promise<Result<ReplayReport, ReplayFault>> {
  try {
    const differing = flowDifferences(options.recorded.manifest, options.definition);
    if (differing.length > 0) return err({ kind: "flow-differs", differences: differing });
    const replay = new HistoryReplay(options);
    return (await replay.run()).map(() => replay.report());
  } finally {
    await options.into?.close();
  }
}
