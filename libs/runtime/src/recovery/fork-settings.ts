import { ResolvedConfiguration } from "../config/resolved-configuration.ts";

/** What is in effect for a fork: what was for its parent, but for what is set for it. */
export function forkSettings(parent: ResolvedConfiguration, own: ResolvedConfiguration): ResolvedConfiguration {
  return new ResolvedConfiguration([
    ...parent.entries(),
    ...own.entries().filter(({ source }) => source !== "default"),
  ]);
}
