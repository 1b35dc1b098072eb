import { describe, expect, it } from "vitest";
import { flowOf } from "../test/arbitraries.ts";
import { type TopologyFault, topology } from "./index.ts";
import { MAX_STAGES, structural } from "./structural.ts";

const faultsOf = (stages: string, edges = ""): readonly TopologyFault[] =>
  flowOf(stages, edges)
    .build("structural")
    .match(
      () => [],
      (faults) => faults,
    );

it("takes a flow without any stage, which only the deeper levels refuse", () => {
  expect(topology("empty").build("structural").isOk()).toBe(true);
});

describe("names", () => {
  it.each(["a", "A9", "by-customer", "a_b.c", "-", "9", "x".repeat(64), "System", "constructor", "__proto__"])(
    "takes %s",
    (name) => {
      const built = topology("f").stage({ name, kind: "source" }).build("structural")._unsafeUnwrap();
      expect(built.stage(name)?.kind).toBe("source");
    },
  );

  it.each([
    ["", "empty"],
    ["x".repeat(65), "too-long"],
    [".hidden", "leading-dot"],
    ["..", "leading-dot"],
    ["a b", "bad-character"],
    ["a/b", "bad-character"],
    ["a\n", "bad-character"],
    ["größe", "bad-character"],
    ["a\u0000", "bad-character"],
    ["system", "reserved"],
  ] as const)("refuses %j as %s", (name, problem) => {
    const faults = topology("f").stage({ name, kind: "source" }).build("structural")._unsafeUnwrapErr();
    expect(faults).toEqual([{ kind: "malformed-stage-name", stage: name, index: 0, problem }]);
  });

  it("holds the name of the flow to the same rule, but for the reserved name", () => {
    expect(topology("system").build("structural").isOk()).toBe(true);
    expect(topology("a b").build("structural")._unsafeUnwrapErr()).toEqual([
      { kind: "malformed-flow-name", name: "a b", problem: "bad-character" },
    ]);
  });

  it("refuses a second stage of the same name, and says which one it is", () => {
    expect(faultsOf("a:source b:sink a:transform", "a>b")).toEqual([{ kind: "duplicate-stage", stage: "a", index: 2 }]);
  });
});

describe("edges", () => {
  it("may be declared before their stages", () => {
    const builder = topology("f").edge({ from: "a", to: "b" });
    builder.stage({ name: "a", kind: "source" }).stage({ name: "b", kind: "sink" });
    expect(builder.build("full").isOk()).toBe(true);
  });

  it("are refused at each end that no stage has, with the name that was probably meant", () => {
    expect(faultsOf("orders:source priced report:sink", "ordres>priced priced>reprot x>nowhere")).toEqual([
      {
        kind: "unknown-stage",
        edge: { from: "ordres", to: "priced" },
        end: "from",
        stage: "ordres",
        nearest: "orders",
      },
      { kind: "unknown-stage", edge: { from: "priced", to: "reprot" }, end: "to", stage: "reprot", nearest: "report" },
      { kind: "unknown-stage", edge: { from: "x", to: "nowhere" }, end: "from", stage: "x" },
      { kind: "unknown-stage", edge: { from: "x", to: "nowhere" }, end: "to", stage: "nowhere" },
    ]);
  });

  it("are refused the second time, in either kind and role", () => {
    const duplicate = { kind: "duplicate-edge", edge: { from: "a", to: "b" } };
    expect(faultsOf("a:source b", "a>b a>b")).toEqual([duplicate]);
    expect(faultsOf("a:source b", "a>b a~>b")).toEqual([duplicate]);
    expect(faultsOf("a:source b:join", "a>b:stream a>b:reference")).toEqual([duplicate]);
    expect(faultsOf("a:source b", "a>b b~>a")).toEqual([]);
  });

  it("may lead from a stage to itself only backwards", () => {
    expect(faultsOf("a:join", "a>a")).toEqual([{ kind: "self-edge", stage: "a" }]);
    expect(faultsOf("a", "a~>a")).toEqual([]);
  });
});

it("reports every fault at once, in the order declared", () => {
  const faults = faultsOf("a: b c/d b", "a>a b>q b>a b>a");
  expect(faults.map(({ kind }) => kind)).toEqual([
    "malformed-stage-name",
    "duplicate-stage",
    "self-edge",
    "unknown-stage",
    "duplicate-edge",
  ]);
});

it("suggests names for the first twenty unknown stages alone, because each costs a search", () => {
  const edges = Array.from({ length: 30 }, (_, i) => `known${i}>sink`);
  const nearest = faultsOf("known:source sink:sink", edges.join(" ")).map((fault) =>
    fault.kind === "unknown-stage" ? fault.nearest : fault.kind,
  );
  expect(nearest.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => "known"));
  expect(new Set(nearest.slice(20))).toEqual(new Set([undefined]));
});

it("refuses more stages than the limit, naming both numbers", () => {
  const stages = Array.from(
    { length: MAX_STAGES + 1 },
    () => ({ name: "a", kind: "source", annotations: {} }) as const,
  );
  const { faults } = structural("f", stages, []);
  expect(faults[0]).toEqual({ kind: "too-large", what: "stages", count: MAX_STAGES + 1, limit: MAX_STAGES });
});

it("refuses what an untyped caller hands over, by place", () => {
  const untyped = JSON.parse('{"name":7,"kind":"sauce","x":1}') as { readonly name: string; readonly kind: "source" };
  expect(topology("f").stage(untyped).build("structural")._unsafeUnwrapErr()).toEqual([
    { kind: "malformed-value", path: "stages[0].x", expected: "none but the fields name, kind, annotations", found: "the number 1" }, // prettier-ignore
    { kind: "malformed-value", path: "stages[0].name", expected: "a string", found: "the number 7" },
    {
      kind: "malformed-value",
      path: "stages[0].kind",
      expected: 'one of "source", "transform", "stateful", "join", "effectful", "sink", "observer"',
      found: '"sauce"',
    },
  ]);
});
