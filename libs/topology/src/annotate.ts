import type { Result } from "neverthrow";
import type { EdgeAnnotations, StageAnnotations } from "./annotations.ts";
import { topology as builder } from "./builder.ts";
import type { Edge } from "./edge.ts";
import type { TopologyFault } from "./fault.ts";
import type { Stage } from "./stage.ts";
import type { Topology } from "./topology.ts";

/** What to add: each function is asked once per stage or edge, and undefined leaves it as it is. */
export interface Additions {
  readonly stage?: (stage: Stage) => StageAnnotations | undefined;
  readonly edge?: (edge: Edge) => EdgeAnnotations | undefined;
}

/**
 * The same graph with more annotations, such as the present status of its stages. A field that is given takes the place
 * of the field there was. Fails only on annotations of a wrong form, from untyped callers.
 */
export function annotate(topology: Topology, { stage, edge }: Additions): Result<Topology, readonly TopologyFault[]> {
  const next = builder(topology.name);
  for (const old of topology.stages) next.stage({ ...old, annotations: { ...old.annotations, ...stage?.(old) } });
  for (const old of topology.edges) next.edge({ ...old, annotations: { ...old.annotations, ...edge?.(old) } });
  return next.build("structural");
}
