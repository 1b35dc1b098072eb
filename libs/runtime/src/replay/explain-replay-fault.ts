import { explainFault } from "@refold/core";

import type { ReplayFault } from "./replay-report.ts";

/** What happened, where, and what to do. */
export function explainReplayFault(fault: ReplayFault): string {
  if (fault.kind === "flow-differs") {
    return [
      "The flow is not the one that was recorded, so its history cannot be run through it:",
      ...fault.differences.map((difference) => `  - ${difference}`),
      "Replay with the flow as it was, or with one that has the same stages, inputs and event types.",
    ].join("\n");
  }
  if (fault.kind === "upcast-failed") {
    return `Frame ${fault.lsn} holds a record of event type "${fault.type}" in version ${fault.from}, which cannot be brought to version ${fault.to}: ${fault.detail}.`;
  }
  if (fault.kind === "malformed-record") {
    return `Frame ${fault.lsn} is whole, but what it says makes no sense: ${fault.detail}. The log was written by other software, or edited.`;
  }
  return explainFault(fault);
}
