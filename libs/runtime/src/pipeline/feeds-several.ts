import type { FlowDefinition } from "../definition/flow-definition.ts";

/**
 * The stages from which several inputs come of one stage that may leave some of them alone until others have something. Such
 * a stage waits for them, and they may wait for it: their edges can stall like any other.
 */
export function feedsSeveral({ stages, topology }: FlowDefinition): ReadonlySet<string> {
  const found = new Set<string>();
  for (const stage of stages) {
    // A join whose sides could wait for one another is refused when the flow is built.
    if (!("orderBy" in stage) || stage.orderBy === undefined) continue;
    const seen = new Set<string>();
    for (const input of topology.upstream(stage.name)) {
      for (const name of upTo(input, (of) => topology.upstream(of))) {
        if (seen.has(name)) found.add(name);
        seen.add(name);
      }
    }
  }
  return found;
}

/** A stage and all that comes before it. */
function upTo(stage: string, upstream: (of: string) => readonly string[]): ReadonlySet<string> {
  const all = new Set([stage]);
  for (const name of all) for (const before of upstream(name)) all.add(before);
  return all;
}
