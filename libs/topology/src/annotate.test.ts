import { expect, it } from "vitest";
import { flowOf } from "../test/arbitraries.ts";
import { annotate, toMermaid, topology } from "./index.ts";

it("adds to what is known of stages and edges, and leaves the first topology as it was", () => {
  const before = topology("f")
    .stage({ name: "a", kind: "source", annotations: { typing: { output: "T" }, status: "created" } })
    .stage({ name: "b", kind: "sink" })
    .edge({ from: "a", to: "b" })
    .build("full")
    ._unsafeUnwrap();
  const after = annotate(before, {
    stage: ({ kind }) => (kind === "source" ? { status: "running" } : undefined),
    edge: () => ({ contracts: [{ name: "transport", verdict: "held" }] }),
  })._unsafeUnwrap();
  expect(after.stage("a")?.annotations).toEqual({ typing: { output: "T" }, status: "running" });
  expect(after.stage("b")?.annotations).toEqual({});
  expect(after.edges[0]?.annotations.contracts).toEqual([{ name: "transport", verdict: "held" }]);
  expect(after.fingerprint).toBe(before.fingerprint);
  expect(before.stage("a")?.annotations.status).toBe("created");
});

it("keeps a graph that only the structural level takes", () => {
  const circle = flowOf("a b", "a>b b>a").build("structural")._unsafeUnwrap();
  expect(annotate(circle, {})._unsafeUnwrap()).toEqual(circle);
});

it("keeps notes in the order of their names, however they were written", () => {
  const one = flowOf("a").build("structural")._unsafeUnwrap();
  const noted = (notes: Readonly<Record<string, string>>): string =>
    toMermaid(annotate(one, { stage: () => ({ notes }) })._unsafeUnwrap());
  expect(noted({ b: "1", a: "2", B: "3" })).toBe(noted({ B: "3", a: "2", b: "1" }));
});
