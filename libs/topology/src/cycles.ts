import { type Components, cyclic } from "./components.ts";
import { at } from "./at.ts";
import type { Digraph } from "./digraph.ts";
import type { Draft } from "./draft.ts";
import type { CycleFault } from "./fault.ts";
import { reachable } from "./reachability.ts";
import type { Stage } from "./stage.ts";

/**
 * Checks the cycles: each closed by a backward edge, among transforms only, entered at one stage, with every member fed
 * by forward edges. And a backward edge must close one.
 */
export function cycles(draft: Draft): readonly CycleFault[] {
  return [...forwardCycles(draft), ...closedCycles(draft), ...needlessBackward(draft)];
}

function forwardCycles({ forward, forwardComponents, stages }: Draft): readonly CycleFault[] {
  return [...cyclic(forward, forwardComponents).keys()].map((start) => ({
    kind: "forward-cycle",
    members: names(stages, shortestCycle(forward, forwardComponents, start)),
  }));
}

function closedCycles({ stages, graph, components, forward }: Draft): readonly CycleFault[] {
  const sources = [...stages.keys()].filter((index) => stages[index]?.kind === "source");
  const fed = reachable(graph, sources, "along");
  const fedForward = reachable(forward, sources, "along");
  const faults: CycleFault[] = [];
  for (const nodes of cyclic(graph, components).values()) {
    const members = names(stages, nodes);
    const entries = names(
      stages,
      nodes.filter((node) => isEntry(graph, components, node)),
    );
    if (entries.length > 1) faults.push({ kind: "cycle-entries", members, entries });
    for (const node of nodes) {
      const stage = stageAt(stages, node);
      if (stage.kind !== "transform") {
        faults.push({ kind: "cycle-through", stage: stage.name, stageKind: stage.kind, members });
      }
      if (at(fed, node) === 1 && at(fedForward, node) === 0) {
        faults.push({ kind: "fed-only-backward", stage: stage.name, members });
      }
    }
  }
  return faults;
}

function needlessBackward({ edges, indexOf, components }: Draft): readonly CycleFault[] {
  const componentOf = (name: string): number => at(components.idOf, indexOf.get(name) ?? -1);
  return edges
    .filter(({ kind, from, to }) => kind === "backward" && componentOf(from) !== componentOf(to))
    .map(({ from, to }) => ({ kind: "backward-without-cycle", edge: { from, to } }));
}

/** Whether data comes to `node` from outside its component. */
function isEntry(graph: Digraph, { idOf }: Components, node: number): boolean {
  for (let k = 0; k < graph.inDegree(node); k += 1) {
    if (at(idOf, graph.predecessor(node, k)) !== at(idOf, node)) return true;
  }
  return false;
}

/** The nodes of a shortest cycle through `start`, from there on; `start` must lie on one. Breadth first, O(V + E). */
function shortestCycle(graph: Digraph, { idOf }: Components, start: number): readonly number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (let k = 0; k < graph.outDegree(node); k += 1) {
      const next = graph.successor(node, k);
      if (next === start) return pathBack(cameFrom, node, start);
      if (at(idOf, next) !== at(idOf, start) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  throw new RangeError(`node ${start} is on no cycle`);
}

function pathBack(cameFrom: ReadonlyMap<number, number>, end: number, start: number): readonly number[] {
  const path = [end];
  for (let node = end; node !== start;) {
    node = cameFrom.get(node) ?? start;
    path.push(node);
  }
  return path.reverse();
}

function names(stages: readonly Stage[], nodes: readonly number[]): readonly string[] {
  return nodes.map((node) => stageAt(stages, node).name);
}

function stageAt(stages: readonly Stage[], node: number): Stage {
  const stage = stages[node];
  if (stage === undefined) throw new RangeError(`there is no stage ${node}`);
  return stage;
}
