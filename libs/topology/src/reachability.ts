import { at } from "./at.ts";
import type { Digraph } from "./digraph.ts";

/** Marks, with 1, every node that can be reached from a seed along the edges (or against them), the seeds included. */
export function reachable(graph: Digraph, seeds: Iterable<number>, direction: "along" | "against"): Uint8Array {
  const seen = new Uint8Array(graph.count);
  const stack: number[] = [];
  const visit = (node: number): void => {
    if (seen[node] === 1) return;
    seen[node] = 1;
    stack.push(node);
  };
  for (const seed of seeds) visit(seed);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const degree = direction === "along" ? graph.outDegree(node) : graph.inDegree(node);
    for (let k = 0; k < degree; k += 1) {
      visit(direction === "along" ? graph.successor(node, k) : graph.predecessor(node, k));
    }
  }
  return seen;
}

/** The nodes one or more edges away from `node`, ascending; `node` is among them when it lies on a cycle. */
export function beyond(graph: Digraph, node: number, direction: "along" | "against"): number[] {
  const degree = direction === "along" ? graph.outDegree(node) : graph.inDegree(node);
  const neighbours = Array.from({ length: degree }, (_, k) =>
    direction === "along" ? graph.successor(node, k) : graph.predecessor(node, k),
  );
  const seen = reachable(graph, neighbours, direction);
  const found: number[] = [];
  for (let other = 0; other < graph.count; other += 1) if (at(seen, other) === 1) found.push(other);
  return found;
}
