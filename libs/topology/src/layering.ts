import type { Components } from "./components.ts";
import { at } from "./at.ts";
import type { Digraph } from "./digraph.ts";
import { MinHeap } from "./min-heap.ts";

/** An order of a graph's nodes and their distance from its beginnings, both defined whether or not it has cycles. */
export interface Layering {
  /** Every node once: each component after all that lead to it, ties by id, the members of one component ascending. */
  readonly order: readonly number[];
  /** For each node, the edges on the longest path that ends at its component, a cycle counting as one node. */
  readonly depthOf: Int32Array;
  /** A longest path; a cycle on it is shown by its smallest node. Ties go to the smaller node, from the end backwards. */
  readonly longestPath: readonly number[];
}

/**
 * Sorts the condensation of a graph (its components, each taken as one node, which is never cyclic).
 *
 * Source: A. B. Kahn, "Topological sorting of large networks", Communications of the ACM 5(11), 1962, 558–562, with a
 * heap in place of the queue to settle ties: O((V + E) + V log V).
 */
export function layering(graph: Digraph, { idOf, members }: Components): Layering {
  const waitingFor = new Int32Array(graph.count);
  forEachCrossing(graph, idOf, members.keys(), members, (_, to) => {
    waitingFor[to] = at(waitingFor, to) + 1;
  });

  const ready = new MinHeap();
  for (const id of members.keys()) if (at(waitingFor, id) === 0) ready.push(id);

  const order: number[] = [];
  const depth = new Int32Array(graph.count);
  const cameFrom = new Int32Array(graph.count).fill(NOWHERE);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const node of members.get(id) ?? []) order.push(node);
    forEachCrossing(graph, idOf, [id], members, (from, to) => {
      const length = at(depth, from) + 1;
      const best = at(depth, to);
      if (length > best || (length === best && from < at(cameFrom, to))) {
        depth[to] = length;
        cameFrom[to] = from;
      }
      waitingFor[to] = at(waitingFor, to) - 1;
      if (at(waitingFor, to) === 0) ready.push(to);
    });
  }

  const depthOf = depth.map((_, node) => at(depth, at(idOf, node)));
  return { order, depthOf, longestPath: pathToDeepest(depth, cameFrom, members.keys()) };
}

const NOWHERE = -1;

/** Calls `visit` for each edge that leads from one of the components `ids` into another one. */
function forEachCrossing(
  graph: Digraph,
  idOf: Int32Array,
  ids: Iterable<number>,
  members: Components["members"],
  visit: (from: number, to: number) => void,
): void {
  for (const id of ids) {
    for (const node of members.get(id) ?? []) {
      for (let k = 0; k < graph.outDegree(node); k += 1) {
        const to = at(idOf, graph.successor(node, k));
        if (to !== id) visit(id, to);
      }
    }
  }
}

function pathToDeepest(depth: Int32Array, cameFrom: Int32Array, ids: Iterable<number>): number[] {
  let deepest = NOWHERE;
  for (const id of ids) if (deepest === NOWHERE || at(depth, id) > at(depth, deepest)) deepest = id;
  const path: number[] = [];
  for (let id = deepest; id !== NOWHERE; id = at(cameFrom, id)) path.push(id);
  return path.reverse();
}
