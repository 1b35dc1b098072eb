import { explainFault } from "@refold/core";
import { explainConfigurationFault, explainFlowFault, explainPlaceholder } from "@refold/runtime";

import type { OpenRunFault } from "./open-run.ts";

/** What happened, where, and what to do; of a flow or settings that cannot be used, everything that is wrong with them. */
export function explainOpenRunFault(fault: OpenRunFault): string {
  switch (fault.kind) {
    case "flow-invalid":
      return listed("The flow cannot be built:", fault.faults.map(explainFlowFault));
    case "flow-unfinished":
      return listed("The flow is not finished:", fault.placeholders.map(explainPlaceholder));
    case "configuration-invalid":
      return listed("The configuration cannot be used:", fault.faults.map(explainConfigurationFault));
    case "run-exists":
    case "storage":
      return explainFault(fault);
  }
}

function listed(title: string, reasons: readonly string[]): string {
  return [title, ...reasons.map((reason) => `  - ${reason}`)].join("\n");
}
