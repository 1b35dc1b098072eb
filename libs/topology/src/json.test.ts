import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryTopology, flowOf, holds } from "../test/arbitraries.ts";
import { fromJson, toJson, type TopologyFault } from "./index.ts";

const shop = flowOf("orders:source priced report:sink", "orders>priced priced~>priced priced>report")
  .build("full")
  ._unsafeUnwrap();

const faultsOf = (value: unknown): readonly TopologyFault[] =>
  fromJson(value, "full").match(
    () => [],
    (faults) => faults,
  );

it("gives back the same topology, annotations and all, through the text of JSON", () => {
  holds(
    fc.property(arbitraryTopology({ maxCount: 6 }), (graph) => {
      const text = JSON.stringify(toJson(graph));
      const read = fromJson(JSON.parse(text), "structural")._unsafeUnwrap();
      expect(read).toEqual(graph);
      expect(read.stages.map(({ annotations }) => Object.keys(annotations.notes ?? {}))).toEqual(
        graph.stages.map(({ annotations }) => Object.keys(annotations.notes ?? {})),
      );
      expect(JSON.stringify(toJson(read))).toBe(text);
    }),
  );
});

it("is a plain object that says its format, its version and no more than it must", () => {
  expect(toJson(shop)).toEqual({
    format: "refold-topology",
    version: 1,
    name: "flow",
    fingerprint: shop.fingerprint,
    stages: [
      { name: "orders", kind: "source" },
      { name: "priced", kind: "transform" },
      { name: "report", kind: "sink" },
    ],
    edges: [
      { from: "orders", to: "priced", kind: "forward" },
      { from: "priced", to: "priced", kind: "backward" },
      { from: "priced", to: "report", kind: "forward" },
    ],
  });
});

it("takes what was written by hand, without a fingerprint and without the kind of forward edges", () => {
  const written = {
    format: "refold-topology",
    version: 1,
    name: "flow",
    stages: [
      { name: "a", kind: "source" },
      { name: "b", kind: "sink" },
    ],
    edges: [{ from: "a", to: "b" }],
  };
  expect(fromJson(written, "full")._unsafeUnwrap().edges[0]?.kind).toBe("forward");
});

it("keeps a note named __proto__ a note", () => {
  const text = JSON.stringify(toJson(shop)).replace(
    '"kind":"source"',
    '"kind":"source","annotations":{"notes":{"__proto__":"x"}}',
  );
  const notes = fromJson(JSON.parse(text), "full")._unsafeUnwrap().stage("orders")?.annotations.notes;
  expect(Object.entries(notes ?? {})).toEqual([["__proto__", "x"]]);
  expect(Object.getPrototypeOf(notes)).toBe(Object.prototype);
});

describe("refuses", () => {
  it.each([undefined, null, 7, "text", [], true, () => 1])("%s in place of an object", (value) => {
    expect(faultsOf(value)).toMatchObject([{ kind: "malformed-value", path: "", expected: "an object" }]);
  });

  it("everything of the wrong form at once, each with its path", () => {
    const malformed = {
      ...toJson(shop),
      name: 7,
      colour: "red",
      stages: [
        { name: "a", kind: "sauce" },
        { kind: "sink", annotations: { policies: [{ name: "x" }, { detail: "y" }], join: { mode: "outer" } } },
        "stage",
      ],
      edges: [{ from: "a", to: null, role: "left", annotations: { notes: { "two words": 1 }, contracts: {} } }],
    };
    expect(faultsOf(malformed).map((fault) => (fault.kind === "malformed-value" ? fault.path : fault))).toEqual([
      "colour",
      "name",
      "stages[0].kind",
      "stages[1].name",
      "stages[1].annotations.policies[1].name",
      "stages[1].annotations.join.mode",
      "stages[1].annotations.join.reference",
      "stages[2]",
      "edges[0].to",
      "edges[0].role",
      "edges[0].annotations.contracts",
      'edges[0].annotations.notes["two words"]',
    ]);
  });

  it("fields that are only inherited", () => {
    const inherited: unknown = Object.create(toJson(shop));
    expect(faultsOf(inherited).map((fault) => fault.kind === "malformed-value" && fault.path)).toEqual([
      "format",
      "version",
      "name",
      "stages",
      "edges",
    ]);
  });

  it("another format, and a version that is not one", () => {
    expect(faultsOf({ ...toJson(shop), format: "other", version: 9 })).toMatchObject([
      { kind: "malformed-value", path: "format", found: '"other"' },
      { kind: "malformed-value", path: "version" },
    ]);
    expect(faultsOf({ ...toJson(shop), version: "1" })).toMatchObject([{ path: "version", found: '"1"' }]);
  });

  it("a later version, whatever else it holds", () => {
    const later = { format: "refold-topology", version: 2, flows: [] };
    expect(faultsOf(later)).toEqual([{ kind: "unsupported-version", found: 2, supported: 1 }]);
  });

  it("a graph that its fingerprint does not fit", () => {
    const { edges, ...rest } = toJson(shop);
    const changed = { ...rest, edges: edges.filter(({ kind }) => kind !== "backward") };
    expect(faultsOf(changed)).toMatchObject([{ kind: "fingerprint-mismatch", expected: shop.fingerprint }]);
  });

  it("a graph with faults, at the level asked for", () => {
    const looped = { ...toJson(shop), fingerprint: undefined, edges: [{ from: "orders", to: "priced" }] };
    expect(fromJson(looped, "structural").isOk()).toBe(true);
    expect(faultsOf(looped).map(({ kind }) => kind)).toEqual(["dead-end", "dead-end", "no-input"]);
  });

  it("any value at all without throwing, or takes it", () => {
    holds(
      fc.property(fc.anything({ withNullPrototype: true, withDate: true, withMap: true }), (value) => {
        expect(fromJson(value, "full").isErr()).toBe(true);
        expect(fromJson({ ...toJson(shop), stages: value }, "full").isErr()).toBe(true);
      }),
    );
  });
});
