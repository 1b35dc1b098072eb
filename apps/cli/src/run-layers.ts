import type { Result } from "neverthrow";

import { commandLineLayer, environmentLayer, type ConfigurationLayer } from "@refold/runtime";

import type { CliFault } from "./cli-fault.ts";
import type { CliIo } from "./cli-io.ts";
import { loadConfigFile } from "./config-file.ts";

/** The options of a command that say how a flow is to run. */
export interface SettingArgs {
  /** Assignments, as `--set` takes them. */
  readonly set?: readonly string[];
  /** A configuration file; without it, one is looked for. */
  readonly config?: string;
  /** Short for an assignment to `log.durability`. An assignment that is written out is the later, and so the stronger one. */
  readonly durability?: string;
}

/** All that is set from outside of a flow's code: in the environment, in a file, on the command line. */
export async function runLayers(
  { set = [], config, durability }: SettingArgs,
  flowFile: string,
  io: CliIo,
): Promise<Result<readonly ConfigurationLayer[], CliFault>> {
  const file = await loadConfigFile({ flowFile, ...(config === undefined ? {} : { named: config }) }, io);
  const assignments = durability === undefined ? set : [`log.durability=${durability}`, ...set];
  return file.map((layer) => [
    environmentLayer(io.env),
    ...(layer === undefined ? [] : [layer]),
    commandLineLayer(assignments),
  ]);
}
