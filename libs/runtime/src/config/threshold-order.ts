import type { Topology } from "@refold/topology";

import type { ConfigurationFault } from "./configuration-fault.ts";
import type { KeyOf } from "./configuration-keys.ts";
import type { ResolvedConfiguration } from "./resolved-configuration.ts";

/** Of each pair, the first has to be less than the second on every edge. */
const ORDERED: readonly (readonly [KeyOf<"edge">, KeyOf<"edge">])[] = [
  ["liveness.idleMs", "liveness.suspectMs"],
  ["liveness.suspectMs", "liveness.stalledMs"],
];

/** Thresholds in the wrong order; once for the first edge that has them, however many edges share the same settings. */
export function thresholdFaults(resolved: ResolvedConfiguration, topology: Topology): readonly ConfigurationFault[] {
  const faults = new Map<string, ConfigurationFault>();
  for (const edge of topology.edges) {
    for (const [lower, upper] of ORDERED) {
      const first = resolved.edgeEntry(edge, lower);
      const then = resolved.edgeEntry(edge, upper);
      if (first.value < then.value) continue;
      const { from, to } = edge;
      const settings = JSON.stringify([first, then]);
      if (!faults.has(settings)) faults.set(settings, { kind: "out-of-order", edge: { from, to }, first, then });
    }
  }
  return [...faults.values()];
}
