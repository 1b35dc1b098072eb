import { explainConfigurationFault, type ConfigurationFault } from "@refold/runtime";

import { refusedFor, type CliFault } from "./cli-fault.ts";

/** All that is wrong with what is set for a flow, numbered. */
export function configurationInvalid(path: string, faults: readonly ConfigurationFault[]): CliFault {
  return refusedFor(`The configuration of the flow in ${path} cannot be used`, faults.map(explainConfigurationFault));
}
