import { at } from "./at.ts";
import type { Digraph } from "./digraph.ts";

/** The strongly connected components of a graph. */
export interface Components {
  /** The component of each node. Its id is its smallest node, so ids do not depend on how the graph was walked. */
  readonly idOf: Int32Array;
  /** The nodes of each component, ascending, by ascending id. */
  readonly members: ReadonlyMap<number, readonly number[]>;
}

const UNSEEN = -1;

/**
 * Finds the strongly connected components in O(V + E), with a stack of its own in place of recursion.
 *
 * Source: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1(2), 1972, 146–160.
 */
export function components(graph: Digraph): Components {
  const rootOf = tarjan(graph);
  const idOfRoot = new Int32Array(graph.count).fill(UNSEEN);
  const idOf = new Int32Array(graph.count);
  const members = new Map<number, number[]>();
  for (let node = 0; node < graph.count; node += 1) {
    const root = at(rootOf, node);
    if (at(idOfRoot, root) === UNSEEN) idOfRoot[root] = node;
    const id = at(idOfRoot, root);
    idOf[node] = id;
    const known = members.get(id);
    if (known === undefined) members.set(id, [node]);
    else known.push(node);
  }
  return { idOf, members };
}

/** For each node the node at which its component was entered first. */
function tarjan(graph: Digraph): Int32Array {
  const { count } = graph;
  const number = new Int32Array(count).fill(UNSEEN);
  const low = new Int32Array(count);
  const rootOf = new Int32Array(count).fill(UNSEEN);
  const nextEdge = new Int32Array(count);
  const path: number[] = [];
  const open: number[] = [];
  let visited = 0;

  const enter = (node: number): void => {
    number[node] = visited;
    low[node] = visited;
    visited += 1;
    path.push(node);
    open.push(node);
  };
  const lower = (node: number, to: number): void => {
    if (to < at(low, node)) low[node] = to;
  };
  const close = (root: number): void => {
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      rootOf[node] = root;
      if (node === root) return;
    }
  };

  for (let start = 0; start < count; start += 1) {
    if (at(number, start) !== UNSEEN) continue;
    enter(start);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const k = at(nextEdge, node);
      if (k < graph.outDegree(node)) {
        nextEdge[node] = k + 1;
        const target = graph.successor(node, k);
        if (at(number, target) === UNSEEN) enter(target);
        else if (at(rootOf, target) === UNSEEN) lower(node, at(number, target));
        continue;
      }
      path.pop();
      if (at(low, node) === at(number, node)) close(node);
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent, at(low, node));
    }
  }
  return rootOf;
}

/** The components that hold a cycle: more than one node, or one with an edge to itself. */
export function cyclic(graph: Digraph, { members }: Components): ReadonlyMap<number, readonly number[]> {
  return new Map([...members].filter(([id, nodes]) => nodes.length > 1 || hasSelfEdge(graph, id)));
}

function hasSelfEdge(graph: Digraph, node: number): boolean {
  for (let k = 0; k < graph.outDegree(node); k += 1) if (graph.successor(node, k) === node) return true;
  return false;
}
