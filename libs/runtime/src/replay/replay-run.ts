import { err, type Result } from "neverthrow";

import { flowDifferences } from "./flow-differences.ts";
import { lastSnapshots } from "../snapshot/last-snapshots.ts";
import { HistoryReplay, type HistoryReplayOptions } from "./history-replay.ts";
import type { ReplayFault, ReplayReport } from "./replay-report.ts";

/**
 * Runs a recorded history through a flow: sources, merge order and time come from the record, everything else is computed
 * again and held against it, each stage by its recorded inputs. Nothing outside is touched: no source is opened, no sink.
 */
export async function replayRun(options: HistoryReplayOptions): Promise<Result<ReplayReport, ReplayFault>> {
  try {
    const differing = flowDifferences(options.recorded.manifest, options.definition);
    if (differing.length > 0) return err({ kind: "flow-differs", differences: differing });
    const replay = new HistoryReplay(options);
    const { recorded, into, host } = options;
    // A candidate has all of the run or is none; what is only compared may begin with what is left.
    if (recorded.first > 0 && into === undefined) {
      const snapshots = await lastSnapshots(recorded, host.refold);
      if (snapshots !== undefined) replay.restore(snapshots);
    }
    return (await replay.run()).map(() => replay.report());
  } finally {
    await options.into?.close();
  }
}
