import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryTopology, closure, flowOf, holds, pairsOf } from "../test/arbitraries.ts";
import { topology, type Topology } from "./index.ts";

const shop = flowOf(
  "orders:source rates:source priced joined:join checked totals:stateful seen:observer report:sink",
  "orders>priced priced>checked checked~>priced rates>joined:reference checked>joined totals>report joined>totals priced>seen",
)
  .build("full")
  ._unsafeUnwrap();

const names = (stages: readonly { readonly name: string }[]): string[] => stages.map(({ name }) => name);

describe("a topology", () => {
  it("keeps its stages in the order declared, and its edges by the place of their ends", () => {
    expect(names(shop.stages)).toEqual(
      ["orders", "rates", "priced", "joined", "checked", "totals", "seen", "report"], // prettier-ignore
    );
    expect(shop.edges.map(({ from, to }) => `${from}>${to}`)).toEqual([
      "orders>priced",
      "rates>joined",
      "priced>checked",
      "priced>seen",
      "joined>totals",
      "checked>priced",
      "checked>joined",
      "totals>report",
    ]);
  });

  it("orders its stages along the forward edges, ties as declared", () => {
    expect(names(shop.order)).toEqual(
      ["orders", "rates", "priced", "checked", "joined", "totals", "seen", "report"], // prettier-ignore
    );
  });

  it("knows its stages by name", () => {
    expect(shop.stage("rates")).toEqual({ name: "rates", kind: "source", annotations: {} });
    expect(shop.has("rates")).toBe(true);
    expect(names(shop.sources)).toEqual(["orders", "rates"]);
    expect(names(shop.sinks)).toEqual(["report"]);
    expect(names(shop.observers)).toEqual(["seen"]);
  });

  it("knows its edges by their ends", () => {
    expect(shop.edge({ from: "rates", to: "joined" })?.role).toBe("reference");
    expect(shop.edge({ from: "checked", to: "priced" })?.kind).toBe("backward");
    expect(shop.edge({ from: "joined", to: "rates" })).toBeUndefined();
    expect(shop.inputs("joined").map(({ from }) => from)).toEqual(["rates", "checked"]);
    expect(shop.outputs("checked").map(({ to }) => to)).toEqual(["priced", "joined"]);
  });

  it("tells neighbours from all that is beyond them", () => {
    expect(shop.upstream("joined")).toEqual(["rates", "checked"]);
    expect(shop.downstream("priced")).toEqual(["checked", "seen"]);
    expect(shop.ancestors("joined")).toEqual(["orders", "rates", "priced", "checked"]);
    expect(shop.descendants("joined")).toEqual(["totals", "report"]);
    expect(shop.ancestors("priced")).toEqual(["orders", "priced", "checked"]);
  });

  it("knows its cycles, each by the place of its first member", () => {
    const cycle = { id: 2, members: ["priced", "checked"], cyclic: true };
    expect(shop.cycles).toEqual([cycle]);
    expect(shop.cycleOf("checked")).toEqual(cycle);
    expect(shop.isInCycle("priced")).toBe(true);
    expect(shop.isInCycle("joined")).toBe(false);
    expect(shop.sccs.map(({ id }) => id)).toEqual([0, 1, 2, 3, 5, 6, 7]);
  });

  it("measures its longest path over forward edges", () => {
    expect(shop.longestPath).toEqual(["orders", "priced", "checked", "joined", "totals", "report"]);
    expect(names(shop.stages).map((name) => shop.depth(name))).toEqual([0, 0, 1, 3, 2, 4, 2, 5]);
  });

  it.each(["nobody", "", "__proto__", "constructor", "toString"])("knows nothing of %j, and says so", (name) => {
    expect(shop.has(name)).toBe(false);
    expect([shop.stage(name), shop.cycleOf(name), shop.depth(name)]).toEqual([undefined, undefined, undefined]);
    expect([shop.inputs(name), shop.outputs(name), shop.upstream(name), shop.downstream(name)]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect([shop.ancestors(name), shop.descendants(name), shop.isInCycle(name)]).toEqual([[], [], false]);
  });

  it("without stages has an answer to everything too", () => {
    const empty = topology("empty").build("structural")._unsafeUnwrap();
    expect([empty.order, empty.sccs, empty.longestPath, empty.edges]).toEqual([[], [], [], []]);
    expect(empty.fingerprint).toHaveLength(64);
  });
});

describe("no one can change a topology", () => {
  it("through the lists and objects that it gives", () => {
    const built = annotated();
    for (const given of [
      built.stages,
      built.edges,
      built.order,
      built.sources,
      built.sinks,
      built.observers,
      built.sccs,
      built.sccs[0],
      built.sccs[0]?.members,
      built.cycles,
      built.longestPath,
      built.stages[0],
      built.stages[0]?.annotations,
      built.stages[0]?.annotations.typing,
      built.stages[0]?.annotations.policies,
      built.stages[0]?.annotations.policies?.[0],
      built.edges[0],
      built.edges[0]?.annotations,
      built.inputs("b"),
      built.outputs("a"),
      built.inputs("nobody"),
    ]) {
      expect(given).toBeDefined();
      expect(Object.isFrozen(given)).toBe(true);
    }
  });

  it("through the objects that it was declared with", () => {
    const policies = [{ name: "retry" }];
    const builder = topology("f").stage({ name: "a", kind: "source", annotations: { policies } });
    const built = builder.build("structural")._unsafeUnwrap();
    policies.push({ name: "breaker" });
    builder.stage({ name: "b", kind: "sink" });
    expect(built.stage("a")?.annotations.policies).toEqual([{ name: "retry" }]);
    expect(built.has("b")).toBe(false);
  });
});

function annotated(): Topology {
  return topology("f")
    .stage({ name: "a", kind: "source", annotations: { typing: { output: "T" }, policies: [{ name: "retry" }] } })
    .stage({ name: "b", kind: "sink" })
    .edge({ from: "a", to: "b" })
    .build("full")
    ._unsafeUnwrap();
}

describe("on any graph", () => {
  it("neighbours and all beyond agree with the edges and with the transitive closure", () => {
    holds(
      fc.property(arbitraryTopology({ maxCount: 7 }), (graph) => {
        const reach = closure(pairsOf(graph));
        const all = names(graph.stages);
        for (const [index, name] of all.entries()) {
          expect(graph.inputs(name)).toEqual(graph.edges.filter(({ to }) => to === name));
          expect(graph.outputs(name)).toEqual(graph.edges.filter(({ from }) => from === name));
          expect(graph.descendants(name)).toEqual(all.filter((_, other) => reach[index]?.[other]));
          expect(graph.ancestors(name)).toEqual(all.filter((_, other) => reach[other]?.[index]));
          expect(graph.isInCycle(name)).toBe(reach[index]?.[index]);
        }
      }),
    );
  });

  it("the components partition the stages, in the order of their first members", () => {
    holds(
      fc.property(arbitraryTopology({ maxCount: 7 }), (graph) => {
        const all = names(graph.stages);
        const members = graph.sccs.flatMap((component) => component.members);
        expect([...members].sort()).toEqual([...all].sort());
        expect(graph.sccs.map(({ id }) => all[id])).toEqual(graph.sccs.map((component) => component.members[0]));
      }),
    );
  });

  it("the order follows every forward edge that is on no circle of forward edges", () => {
    holds(
      fc.property(arbitraryTopology({ maxCount: 7 }), (graph) => {
        const order = names(graph.order);
        const forward = graph.edges.filter(({ kind }) => kind === "forward");
        const index = new Map(names(graph.stages).map((name, place) => [name, place]));
        const reach = closure({
          count: order.length,
          edges: forward.map(({ from, to }) => [index.get(from) ?? -1, index.get(to) ?? -1]),
        });
        expect([...order].sort()).toEqual(names(graph.stages).sort());
        for (const { from, to } of forward) {
          const circular = reach[index.get(to) ?? -1]?.[index.get(from) ?? -1];
          if (circular !== true) expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
        }
      }),
    );
  });
});

describe("100,000 stages", () => {
  const count = 100_000;

  it("in a chain are built, checked and queried without recursion", () => {
    const builder = topology("chain");
    for (let i = count - 1; i >= 0; i -= 1) {
      builder.stage({ name: `s${i}`, kind: i === 0 ? "source" : i === count - 1 ? "sink" : "transform" });
      if (i > 0) builder.edge({ from: `s${i - 1}`, to: `s${i}` });
    }
    const chain = builder.build("full")._unsafeUnwrap();
    expect(chain.order[0]?.name).toBe("s0");
    expect(chain.depth(`s${count - 1}`)).toBe(count - 1);
    expect(chain.longestPath).toHaveLength(count);
    expect(chain.ancestors(`s${count - 1}`)).toHaveLength(count - 1);
  });

  it("in one cycle are too", () => {
    const builder = topology("ring").stage({ name: "in", kind: "source" }).stage({ name: "out", kind: "sink" });
    for (let i = 0; i < count; i += 1) {
      builder.stage({ name: `s${i}`, kind: "transform" });
      if (i > 0) builder.edge({ from: `s${i - 1}`, to: `s${i}` });
    }
    builder.edge({ from: "in", to: "s0" }).edge({ from: `s${count - 1}`, to: "out" });
    const circle = builder
      .edge({ from: `s${count - 1}`, to: "s0" })
      .build("full")
      ._unsafeUnwrapErr();
    expect(circle.map((fault) => fault.kind === "forward-cycle" && fault.members.length)).toEqual([count]);
  });

  it("around one stage are too", () => {
    const builder = topology("star").stage({ name: "in", kind: "source" });
    for (let i = 0; i < count; i += 1) {
      builder.stage({ name: `s${i}`, kind: "sink" }).edge({ from: "in", to: `s${i}` });
    }
    const star = builder.build("full")._unsafeUnwrap();
    expect(star.downstream("in")).toHaveLength(count);
    expect(star.depth(`s${count - 1}`)).toBe(1);
  });
});
