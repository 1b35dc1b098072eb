import { explainFault } from "@refold/core";
import { explainFlowFault } from "@refold/runtime";

import type { OpenRunFault } from "./open-run.ts";

/** What happened, where, and what to do; of a flow that cannot be built, everything that is wrong with it. */
export function explainOpenRunFault(fault: OpenRunFault): string {
  if (fault.kind !== "flow-invalid") return explainFault(fault);
  return ["The flow cannot be built:", ...fault.faults.map((one) => `  - ${explainFlowFault(one)}`)].join("\n");
}
