import { parse } from "@ts-graphviz/ast";
import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryTopology, flowOf, holds } from "../test/arbitraries.ts";
import { toDot, topology } from "./index.ts";

it("draws a shape for each kind, dashed backward edges, and annotations", () => {
  const graph = topology("orders")
    .stage({ name: "in", kind: "source", annotations: { typing: { output: "Order" } } })
    .stage({ name: "a-b", kind: "transform", annotations: { status: 'say "hi" \\ & go\nnow' } })
    .stage({ name: "out", kind: "sink", annotations: { guarantee: "idempotent" } })
    .edge({ from: "a-b", to: "out", annotations: { type: "Order" } })
    .edge({ from: "a-b", to: "a-b", kind: "backward" })
    .edge({ from: "in", to: "a-b" });
  expect(toDot(graph.build("full")._unsafeUnwrap())).toBe(String.raw`digraph "orders" {
  rankdir=LR;
  "in" [shape=ellipse, label="in\nsource\n→ Order"];
  "a-b" [shape=box, label="a-b\ntransform\nstatus: say \"hi\" \\ &amp; go now"];
  "out" [shape=trapezium, label="out\nsink\nidempotent"];
  "in" -> "a-b";
  "a-b" -> "a-b" [style=dashed, constraint=false];
  "a-b" -> "out" [label="Order"];
}
`);
});

it("is read by a parser of DOT as the same nodes and edges, whatever the annotations say", () => {
  holds(
    fc.property(arbitraryTopology({ maxCount: 6 }), (graph) => {
      const { nodes, edges } = readDot(toDot(graph));
      expect(nodes).toEqual(graph.stages.map(({ name }) => name));
      expect(edges).toEqual(graph.edges.map(({ from, to, kind }) => ({ from, to, dashed: kind === "backward" })));
    }),
    50,
  );
});

it("gives names that are words of DOT, or look like ports and numbers, as plain names", () => {
  const graph = flowOf("node:source edge 1.5 -1 a.n:sink", "node>edge edge>1.5 1.5>-1 -1>a.n")
    .build("full")
    ._unsafeUnwrap();
  expect(readDot(toDot(graph)).nodes).toEqual(["node", "edge", "1.5", "-1", "a.n"]);
});

it("draws a stage dashed that cannot run yet, and says why", () => {
  const graph = topology("f")
    .stage({ name: "a", kind: "source", annotations: { placeholder: "no file yet" } })
    .build("structural");
  expect(toDot(graph._unsafeUnwrap())).toContain(
    String.raw`"a" [shape=ellipse, label="a\nsource\nplaceholder: no file yet", style=dashed];`,
  );
});

interface Drawn {
  readonly nodes: readonly string[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly dashed: boolean }[];
}

function readDot(text: string): Drawn {
  const nodes: string[] = [];
  const edges: { from: string; to: string; dashed: boolean }[] = [];
  const [graph, ...more] = parse(text).children;
  expect(more).toEqual([]);
  if (graph?.type !== "Graph") throw new Error("not a graph");
  for (const statement of graph.children) {
    if (statement.type === "Node") nodes.push(statement.id.value);
    if (statement.type === "Edge") {
      const dashed = statement.children.some(
        (child) => child.type === "Attribute" && child.key.value === "style" && child.value.value === "dashed",
      );
      const [from, to] = statement.targets.map((target) => (target.type === "NodeRef" ? target.id.value : ""));
      edges.push({ from: from ?? "", to: to ?? "", dashed });
    }
  }
  return { nodes, edges };
}
