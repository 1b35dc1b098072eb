import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arbitraryDeclaration,
  closure,
  declared,
  type Declaration,
  flowOf,
  holds,
  pairsOf,
} from "../test/arbitraries.ts";
import { type TopologyFault, type ValidationLevel } from "./index.ts";

const faultsOf = (stages: string, edges = ""): readonly TopologyFault[] =>
  flowOf(stages, edges)
    .build("full")
    .match(
      () => [],
      (faults) => faults,
    );

describe("a cycle that is closed by a backward edge", () => {
  it("may run among transforms", () => {
    expect(faultsOf("in:source a b c out:sink", "in>a a>b b>c c~>a b>out")).toEqual([]);
  });

  it("may be a single transform", () => {
    expect(faultsOf("in:source a out:sink", "in>a a~>a a>out")).toEqual([]);
  });

  it("may hold another cycle, and lie beside a third", () => {
    expect(faultsOf("in:source a b c d out:sink", "in>a a>b b>c c~>b c~>a c>d d~>d d>out")).toEqual([]);
  });

  it("may take several inputs at its one entry", () => {
    expect(faultsOf("in:source also:source a b out:sink", "in>a also>a a>b b~>a b>out")).toEqual([]);
  });

  it("is refused with more than one entry", () => {
    expect(faultsOf("in:source also:source a b out:sink", "in>a also>b a>b b~>a b>out")).toEqual([
      { kind: "cycle-entries", members: ["a", "b"], entries: ["a", "b"] },
    ]);
  });

  it.each(["stateful", "join", "effectful"] as const)("is refused with a %s in it", (stageKind) => {
    const roles = stageKind === "join" ? ":reference" : "";
    const faults = faultsOf(`in:source other:source a b:${stageKind} out:sink`, `in>a other>a a>b${roles} b~>a b>out`);
    expect(faults).toContainEqual({ kind: "cycle-through", stage: "b", stageKind, members: ["a", "b"] });
  });

  it("is refused with a sink or a source in it, beside the faults of these", () => {
    expect(faultsOf("in:source a out:sink", "in>a a>out out~>a")).toEqual([
      { kind: "terminal-with-output", stage: "out", stageKind: "sink", to: ["a"] },
      { kind: "cycle-through", stage: "out", stageKind: "sink", members: ["a", "out"] },
    ]);
    expect(faultsOf("in:source a out:sink", "in>a a~>in a>out").map(({ kind }) => kind)).toEqual([
      "source-with-input",
      "cycle-through",
    ]);
  });

  it("is refused when the backward edge leaves its entry, so that nothing feeds a member first", () => {
    expect(faultsOf("in:source a b out:sink", "in>a a~>b b>a a>out")).toEqual([
      { kind: "fed-only-backward", stage: "b", members: ["a", "b"] },
    ]);
  });
});

it("calls a cycle that no source leads to unreachable, and not also fed only backwards", () => {
  expect(faultsOf("in:source a b out:sink", "in>out a>b b~>a b>out")).toEqual([
    { kind: "unreachable-stage", stage: "a" },
    { kind: "unreachable-stage", stage: "b" },
  ]);
});

describe("a circle of forward edges", () => {
  it("is refused with its members in the order of the edges, from the first declared", () => {
    expect(faultsOf("in:source a b c out:sink", "in>a a>c c>b b>a b>out")).toEqual([
      { kind: "forward-cycle", members: ["a", "c", "b"] },
    ]);
  });

  it("is shown by a shortest one where several meet, and each is shown where they do not", () => {
    expect(faultsOf("in:source a b c d e out:sink", "in>a a>b b>c c>a b>a b>d d>e e>d e>out")).toEqual([
      { kind: "forward-cycle", members: ["a", "b"] },
      { kind: "forward-cycle", members: ["d", "e"] },
    ]);
  });
});

it("refuses a backward edge that closes no cycle", () => {
  expect(faultsOf("in:source a b out:sink", "in>a a~>b a>out b>out")).toEqual([
    { kind: "backward-without-cycle", edge: { from: "a", to: "b" } },
  ]);
});

const faultsAt = (declaration: Declaration, level: ValidationLevel): readonly TopologyFault[] =>
  declared(declaration)
    .build(level)
    .match(
      () => [],
      (faults) => faults,
    );

it("finds at each level what the level before finds, first and in the same order", () => {
  holds(
    fc.property(arbitraryDeclaration({ maxCount: 7 }), ({ name, stages, edges }) => {
      const faulty = {
        name,
        stages: [...stages, ...stages.slice(0, 1)],
        edges: [...edges, { from: "nobody", to: "no one" }],
      };
      const [structural, semantic, full] = (["structural", "semantic", "full"] as const).map((level) =>
        faultsAt(faulty, level),
      );
      expect(semantic?.slice(0, structural?.length)).toEqual(structural);
      expect(full?.slice(0, semantic?.length)).toEqual(semantic);
    }),
  );
});

it("refuses circles and needless backward edges exactly where the transitive closure shows them", () => {
  holds(
    fc.property(arbitraryDeclaration({ maxCount: 7 }), (declaration) => {
      const graph = declared(declaration).build("structural")._unsafeUnwrap();
      const faults = faultsAt(declaration, "full");
      const reach = closure(pairsOf(graph));
      const index = new Map(graph.stages.map(({ name }, place) => [name, place]));
      const forward = graph.edges.filter(({ kind }) => kind === "forward");
      const reachForward = closure({
        count: graph.stages.length,
        edges: forward.map(({ from, to }) => [index.get(from) ?? -1, index.get(to) ?? -1]),
      });

      const circles = faults.filter((fault) => fault.kind === "forward-cycle");
      expect(circles.length > 0).toBe([...reachForward.keys()].some((node) => reachForward[node]?.[node]));
      for (const { members } of circles) {
        expect(new Set(members).size).toBe(members.length);
        for (const [step, from] of members.entries()) {
          const to = members[(step + 1) % members.length];
          expect(forward.some((edge) => edge.from === from && edge.to === to)).toBe(true);
        }
      }

      const needless = faults.flatMap((fault) => (fault.kind === "backward-without-cycle" ? [fault.edge] : []));
      expect(needless).toEqual(
        graph.edges
          .filter(
            ({ kind, from, to }) =>
              kind === "backward" && !reach[index.get(to) ?? -1]?.[index.get(from) ?? -1] && from !== to,
          )
          .map(({ from, to }) => ({ from, to })),
      );
    }),
  );
});
