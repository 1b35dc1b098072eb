import { explainFlowFault, type FlowFault } from "@refold/runtime";

import { refused, type CliFault } from "./cli-fault.ts";

/** All that is wrong with a flow, numbered. */
export function flowInvalid(path: string, faults: readonly FlowFault[]): CliFault {
  const [only] = faults;
  if (faults.length === 1 && only !== undefined) {
    return refused(`The flow in ${path} cannot be built: ${explainFlowFault(only)}`);
  }
  const lines = faults.map((fault, index) => `  ${index + 1}. ${explainFlowFault(fault)}`);
  return refused([`The flow in ${path} cannot be built, for ${faults.length} reasons:`, ...lines].join("\n"));
}
