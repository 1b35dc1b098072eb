import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryPairs, closure, holds } from "../test/arbitraries.ts";
import { at } from "./at.ts";
import { Digraph } from "./digraph.ts";
import { beyond } from "./reachability.ts";

it("lists the neighbours of every node in ascending order, in whatever order the edges came", () => {
  holds(
    fc.property(arbitraryPairs({ maxCount: 8 }), ({ count, edges }) => {
      const graph = new Digraph(
        count,
        edges.map(([from]) => from),
        edges.map(([, to]) => to),
      );
      for (let node = 0; node < count; node += 1) {
        const successors = edges.filter(([from]) => from === node).map(([, to]) => to);
        const predecessors = edges.filter(([, to]) => to === node).map(([from]) => from);
        const ascending = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);
        expect(Array.from({ length: graph.outDegree(node) }, (_, k) => graph.successor(node, k))).toEqual(
          ascending(successors),
        );
        expect(Array.from({ length: graph.inDegree(node) }, (_, k) => graph.predecessor(node, k))).toEqual(
          ascending(predecessors),
        );
      }
    }),
  );
});

it("finds beyond a node what the transitive closure finds, in both directions", () => {
  holds(
    fc.property(arbitraryPairs({ maxCount: 8 }), (pairs) => {
      const { count, edges } = pairs;
      const graph = new Digraph(
        count,
        edges.map(([from]) => from),
        edges.map(([, to]) => to),
      );
      const reach = closure(pairs);
      for (const [node, row] of reach.entries()) {
        expect(beyond(graph, node, "along")).toEqual([...row.keys()].filter((other) => row[other]));
        expect(beyond(graph, node, "against")).toEqual([...row.keys()].filter((other) => reach[other]?.[node]));
      }
    }),
  );
});

it("refuses to read outside an array, where undefined would spread", () => {
  expect(() => at([1, 2], 2)).toThrow("index 2 is outside an array of 2");
});
