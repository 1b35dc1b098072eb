import { explainReplayFault } from "../replay/explain-replay-fault.ts";
import type { CompareFault } from "./compare-runs.ts";

/** What happened, where, and what to do. */
export function explainCompareFault(fault: CompareFault): string {
  if (fault.kind !== "other-flow") return explainReplayFault(fault);
  return [
    "The runs are not of the same flow, so there is nothing to compare:",
    ...fault.differences.map((difference) => `  - ${difference}`),
    "Compare runs that have the same stages, which read from one another in the same way.",
  ].join("\n");
}
