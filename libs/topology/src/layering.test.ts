import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryAcyclicPairs, arbitraryPairs, holds, type Pairs } from "../test/arbitraries.ts";
import { components } from "./components.ts";
import { Digraph } from "./digraph.ts";
import { type Layering, layering } from "./layering.ts";

function layered({ count, edges }: Pairs): Layering {
  const graph = new Digraph(
    count,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
  return layering(graph, components(graph));
}

describe("without cycles", () => {
  it("always takes the smallest node that waits for no other", () => {
    holds(
      fc.property(arbitraryAcyclicPairs({ maxCount: 9 }), (pairs) => {
        const left = new Set(Array.from({ length: pairs.count }, (_, node) => node));
        const expected: number[] = [];
        while (left.size > 0) {
          const free = [...left].filter((node) => !pairs.edges.some(([from, to]) => to === node && left.has(from)));
          const next = Math.min(...free);
          left.delete(next);
          expected.push(next);
        }
        expect(layered(pairs).order).toEqual(expected);
      }),
    );
  });

  it("gives each node the length of the longest of all paths to it", () => {
    holds(
      fc.property(arbitraryAcyclicPairs({ maxCount: 8 }), (pairs) => {
        const longest = (node: number): number =>
          Math.max(0, ...pairs.edges.filter(([, to]) => to === node).map(([from]) => 1 + longest(from)));
        const nodes = Array.from({ length: pairs.count }, (_, node) => node);
        expect([...layered(pairs).depthOf]).toEqual(nodes.map(longest));
      }),
    );
  });

  it("shows a longest path, edge by edge", () => {
    holds(
      fc.property(arbitraryAcyclicPairs({ maxCount: 8 }), (pairs) => {
        const { longestPath, depthOf } = layered(pairs);
        expect(longestPath).toHaveLength(pairs.count === 0 ? 0 : Math.max(...depthOf) + 1);
        for (const [step, node] of longestPath.entries()) {
          const next = longestPath[step + 1];
          if (next !== undefined) expect(pairs.edges).toContainEqual([node, next]);
        }
      }),
    );
  });

  it("settles equal paths for the smaller node", () => {
    expect(layered({ count: 5, edges: [[2, 3], [1, 3], [0, 4]] }).longestPath).toEqual([1, 3]); // prettier-ignore
  });
});

describe("with cycles", () => {
  it("holds every node once, and each before what it leads to but cannot be reached from", () => {
    holds(
      fc.property(arbitraryPairs({ maxCount: 9 }), (pairs) => {
        const { order, depthOf } = layered(pairs);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: pairs.count }, (_, node) => node));
        const { idOf } = components(
          new Digraph(
            pairs.count,
            pairs.edges.map(([from]) => from),
            pairs.edges.map(([, to]) => to),
          ),
        );
        for (const [from, to] of pairs.edges) {
          if (idOf[from] === idOf[to]) expect(depthOf[from]).toBe(depthOf[to]);
          else {
            expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
            expect(depthOf[from]).toBeLessThan(depthOf[to] ?? 0);
          }
        }
      }),
    );
  });

  it("keeps the nodes of a cycle together, smallest first, and counts them as one step", () => {
    const { order, depthOf, longestPath } = layered({ count: 5, edges: [[3, 1], [1, 4], [4, 1], [4, 0], [2, 0]] }); // prettier-ignore
    expect(order).toEqual([2, 3, 1, 4, 0]);
    expect([...depthOf]).toEqual([2, 1, 0, 0, 1]);
    expect(longestPath).toEqual([3, 1, 0]);
  });
});
