import type { RunManifest } from "@refold/core";

import { configurationFromEntries } from "./configuration-from-entries.ts";
import { ResolvedConfiguration } from "./resolved-configuration.ts";

/** What was in effect when a run was made; of a run that does not tell, every default. */
export function recordedSettings({ configuration = [] }: RunManifest): ResolvedConfiguration {
  return configurationFromEntries(configuration).unwrapOr(new ResolvedConfiguration([]));
}
