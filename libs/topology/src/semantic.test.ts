import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryTopology, closure, declared, flowOf, holds, pairsOf } from "../test/arbitraries.ts";
import { type TopologyFault, toJson, topology } from "./index.ts";

const faultsOf = (stages: string, edges = ""): readonly TopologyFault[] =>
  flowOf(stages, edges)
    .build("semantic")
    .match(
      () => [],
      (faults) => faults,
    );

it("takes a flow of every kind of stage", () => {
  const stages =
    "orders:source rates:source priced joined:join totals:stateful mailed:effectful out:sink seen:observer";
  const edges =
    "orders>priced priced>joined:stream rates>joined:reference joined>totals totals>mailed mailed>out priced>seen";
  expect(faultsOf(stages, edges)).toEqual([]);
});

it("refuses an empty flow, and says nothing more about it", () => {
  expect(topology("f").build("semantic")._unsafeUnwrapErr()).toEqual([{ kind: "empty-flow" }]);
});

it("refuses a flow without a source, and does not call all its stages unreachable as well", () => {
  expect(faultsOf("a b:sink", "a>b")).toEqual([
    { kind: "no-source" },
    { kind: "no-input", stage: "a", stageKind: "transform" },
  ]);
});

it("refuses input to a source, forward or backward", () => {
  expect(faultsOf("a:source b s:sink", "a>b b~>a b>s")).toEqual([
    { kind: "source-with-input", stage: "a", from: ["b"] },
  ]);
});

it.each(["sink", "observer"] as const)("refuses output from a %s", (stageKind) => {
  expect(faultsOf(`a:source b:${stageKind} c:sink`, "a>b b>c")).toEqual([
    { kind: "terminal-with-output", stage: "b", stageKind, to: ["c"] },
  ]);
});

it("refuses a stage without input, and calls unreachable only what comes after it", () => {
  expect(faultsOf("a:source b c d:sink e:sink", "a>e b>c c>d")).toEqual([
    { kind: "no-input", stage: "b", stageKind: "transform" },
    { kind: "unreachable-stage", stage: "c" },
    { kind: "unreachable-stage", stage: "d" },
  ]);
});

it("refuses a stage from which nothing arrives anywhere, a lone source included", () => {
  expect(faultsOf("a:source")).toEqual([{ kind: "dead-end", stage: "a" }]);
  expect(faultsOf("a:source b c d:sink", "a>b b>c a>d")).toEqual([
    { kind: "dead-end", stage: "b" },
    { kind: "dead-end", stage: "c" },
  ]);
});

it("refuses a stage that is only looked at: an observer is no end of a flow", () => {
  expect(faultsOf("a:source b c:sink d:observer", "a>c a>b b>d")).toEqual([{ kind: "dead-end", stage: "b" }]);
  expect(faultsOf("a:source b:sink c:observer", "a>b a>c")).toEqual([]);
});

describe("joins", () => {
  it("need two inputs", () => {
    expect(faultsOf("a:source j:join s:sink", "a>j:reference j>s")).toEqual([
      { kind: "join-with-one-input", stage: "j", from: "a" },
    ]);
    expect(faultsOf("a:source j:join s:sink", "a>s j>s")).toEqual([
      { kind: "no-input", stage: "j", stageKind: "join" },
    ]);
  });

  it("need a reference and a stream, an input without a role being a stream", () => {
    const stages = "a:source b:source c:source j:join s:sink";
    expect(faultsOf(stages, "a>j b>j c>j j>s")).toEqual([
      { kind: "join-without-role", stage: "j", missing: "reference" },
    ]);
    expect(faultsOf(stages, "a>j b>j:reference c>j j>s")).toEqual([]);
    expect(faultsOf(stages, "a>j:reference b>j:reference c>j:reference j>s")).toEqual([
      { kind: "join-without-role", stage: "j", missing: "stream" },
    ]);
  });

  it("are the only stages whose inputs have roles", () => {
    expect(faultsOf("a:source s:sink", "a>s:stream")).toEqual([
      { kind: "role-outside-join", edge: { from: "a", to: "s" }, stageKind: "sink" },
    ]);
  });
});

it("blames a misspelt name once, and not the stages it was meant to connect", () => {
  expect(faultsOf("orders:source priced report:sink", "ordrs>priced priced>report orders>report").map(({ kind }) => kind)).toEqual(["unknown-stage"]); // prettier-ignore
  expect(faultsOf("orders:source priced report:sink", "orders>priced priced>reprt orders>report").map(({ kind }) => kind)).toEqual(["unknown-stage"]); // prettier-ignore
  expect(faultsOf("a:source b:source j:join s:sink", "a>j bb>j:reference j>s b>s").map(({ kind }) => kind)).toEqual(["unknown-stage"]); // prettier-ignore
});

it("finds the unreachable and the dead ends that the transitive closure finds", () => {
  holds(
    fc.property(arbitraryTopology({ maxCount: 8 }), (graph) => {
      const { stages } = graph;
      const reach = closure(pairsOf(graph));
      const faults = declared(toJson(graph)).build("semantic").match(() => [], (found) => found); // prettier-ignore
      const named = (kind: TopologyFault["kind"]): unknown[] =>
        faults.filter((fault) => fault.kind === kind).map((fault) => ("stage" in fault ? fault.stage : undefined));
      const hasSource = stages.some(({ kind }) => kind === "source");
      const fed = stages.map(
        ({ kind }, to) =>
          kind === "source" || stages.some((from, index) => from.kind === "source" && reach[index]?.[to]),
      );
      const arrives = stages.map(
        ({ kind }, from) =>
          kind === "sink" ||
          kind === "observer" ||
          stages.some((to, index) => to.kind === "sink" && reach[from]?.[index]),
      );
      const names = stages.map(({ name }) => name);
      expect(named("dead-end")).toEqual(names.filter((_, index) => arrives[index] === false));
      expect(named("unreachable-stage")).toEqual(
        names.filter((name, index) => hasSource && fed[index] === false && graph.inputs(name).length > 0),
      );
    }),
  );
});
