import { err, ok, type Result } from "neverthrow";
import { cycles } from "./cycles.ts";
import type { Edge } from "./edge.ts";
import type { TopologyFault } from "./fault.ts";
import { semantic } from "./semantic.ts";
import type { Stage } from "./stage.ts";
import { structural } from "./structural.ts";
import { Topology } from "./topology.ts";

/** How much is checked, each level with all of the one before it. */
export const VALIDATION_LEVELS = ["structural", "semantic", "full"] as const;
export type ValidationLevel = (typeof VALIDATION_LEVELS)[number];

/** Checks declarations and makes a topology of them, or gives every fault that the level looks for. */
export function build(
  name: string,
  stages: readonly Stage[],
  edges: readonly Edge[],
  level: ValidationLevel,
): Result<Topology, readonly TopologyFault[]> {
  const { faults, draft } = structural(name, stages, edges);
  const all: readonly TopologyFault[] = [
    ...faults,
    ...(level === "structural" ? [] : semantic(draft)),
    ...(level === "full" ? cycles(draft) : []),
  ];
  return all.length > 0 ? err(all) : ok(new Topology(name, draft));
}
