import { parseAssignment } from "./assignment.ts";
import { layerOf, type ConfigurationLayer } from "./configuration-layer.ts";

/** What the options `--set` set, each given as its argument: `key=value`, or with a scope in front of the key. */
export function commandLineLayer(assignments: readonly string[]): ConfigurationLayer {
  return layerOf(
    "command line",
    assignments.map((text) => parseAssignment(text, { source: "command line", where: `--set ${text}` })),
  );
}
