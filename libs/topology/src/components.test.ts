import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryPairs, closure, holds, type Pairs } from "../test/arbitraries.ts";
import { components, cyclic } from "./components.ts";
import { Digraph } from "./digraph.ts";

const digraph = ({ count, edges }: Pairs): Digraph =>
  new Digraph(
    count,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );

it("puts two nodes into one component exactly when each can reach the other", () => {
  holds(
    fc.property(arbitraryPairs({ maxCount: 9 }), (pairs) => {
      const { idOf } = components(digraph(pairs));
      const reach = closure(pairs);
      for (let a = 0; a < pairs.count; a += 1) {
        for (let b = 0; b < pairs.count; b += 1) {
          expect(idOf[a] === idOf[b]).toBe(a === b || (reach[a]?.[b] === true && reach[b]?.[a] === true));
        }
      }
    }),
    500,
  );
});

it("names each component by its smallest node, and lists ids and members in ascending order", () => {
  holds(
    fc.property(arbitraryPairs({ maxCount: 9 }), (pairs) => {
      const { idOf, members } = components(digraph(pairs));
      const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
      expect([...members.keys()]).toEqual(ascending([...members.keys()]));
      for (const [id, nodes] of members) {
        expect(nodes[0]).toBe(id);
        expect(nodes).toEqual(ascending(nodes));
        expect(nodes.every((node) => idOf[node] === id)).toBe(true);
      }
    }),
  );
});

it("calls a component cyclic exactly when its nodes can come back to themselves", () => {
  holds(
    fc.property(arbitraryPairs({ maxCount: 9 }), (pairs) => {
      const graph = digraph(pairs);
      const reach = closure(pairs);
      const onCycle = [...cyclic(graph, components(graph)).values()].flat().sort((a, b) => a - b);
      expect(onCycle).toEqual([...reach.keys()].filter((node) => reach[node]?.[node] === true));
    }),
  );
});

it("finds a ring of 100,000 nodes to be one component, without recursion", () => {
  const count = 100_000;
  const ring = digraph({ count, edges: Array.from({ length: count }, (_, node) => [node, (node + 1) % count]) });
  expect(components(ring).members.size).toBe(1);
});
