import { explainFlowFault, type FlowFault } from "@refold/runtime";

import { refusedFor, type CliFault } from "./cli-fault.ts";

/** All that is wrong with a flow, numbered. */
export function flowInvalid(path: string, faults: readonly FlowFault[]): CliFault {
  return refusedFor(`The flow in ${path} cannot be built`, faults.map(explainFlowFault));
}
