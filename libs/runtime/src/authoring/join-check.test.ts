import { describe, expect, it } from "vitest";

import { explainFlowFault, type FlowFault } from "../definition/flow-fault.ts";
import { flow, type FlowBuilder } from "./flow.ts";
import { onEnd } from "./schedule.ts";
import type { Stream } from "./stream.ts";

const faultsOf = (build: (f: FlowBuilder) => void): readonly FlowFault[] => {
  const built = flow("joined", build).build();
  return built.isErr() ? built.error : [];
};
const textOf = (faults: readonly FlowFault[]): string => faults.map(explainFlowFault).join("\n");

/** Of JavaScript authors, whom no compiler warns. */
const untyped = (value: unknown): never => value as never;

const SPEC = { key: (n: number) => n, on: (n: number) => n, combine: (n: number) => n };
const ended = (stream: Stream<number>, name: string): void => stream.sink(`${name}-out`, () => undefined);
const joined = (name: string, stream: Stream<number>, reference: Stream<number>, spec: object = {}): Stream<number> => {
  const out = stream.join(name, reference, { ...SPEC, ...spec });
  ended(out, name);
  return out;
};

describe("building a join", () => {
  it("tells all that is wrong with its settings, and what they can be", () => {
    const faults = faultsOf((f) => {
      const bad = { kind: "outer", read: "later", matches: "some", maxReferences: 0, key: 1, combine: undefined };
      joined("join", f.source("stream", [1]), f.source("reference", [1]), bad);
    });
    expect(faults.map(({ kind }) => kind).sort()).toEqual([
      ...["bad-option", "bad-option", "bad-option", "bad-option"],
      ...["not-a-function", "not-a-function"],
    ]);
    const text = textOf(faults);
    expect(text).toContain('Stage "join": `kind` cannot be outer: choose "inner" or "left" or "strict".');
    expect(text).toContain('Stage "join": `read` cannot be later: choose "first" or "live".');
    expect(text).toContain('Stage "join": `matches` cannot be some: choose "latest" or "each".');
    expect(text).toContain('Stage "join": maxReferences of 0 keeps nothing: give a whole number from 1.');
    expect(text).toContain('Stage "join": its `key` must be a function, but is number.');
    for (const maxReferences of [1.5, Number.NaN, -1, "many"]) {
      const found = faultsOf((f) => void joined("join", f.source("a", [1]), f.source("b", [1]), { maxReferences }));
      expect(found).toMatchObject([{ kind: "bad-option", stage: "join" }]);
    }
  });

  it("survives arguments that are missing altogether, or are no streams", () => {
    const without = (reference: unknown, spec: unknown): string =>
      textOf(faultsOf((f) => ended(f.source("stream", [1]).join("join", untyped(reference), untyped(spec)), "join")));
    expect(without(undefined, undefined)).toContain('Stage "join": its reference is no stream: give one of this flow.');
    expect(without(42, SPEC)).toContain("its reference is no stream");
    expect(without({ one: undefined, two: { from: [1] } }, SPEC)).toMatch(
      /its reference "one" is[^]*its reference "two" is/,
    );
    expect(without({}, SPEC)).toMatch(/join/);
  });

  it("refuses a reference that is merged by event time", () => {
    const faults = faultsOf((f) => {
      const merged = f.mergeOrdered((n) => n, f.source("a", [1]), f.source("b", [2]));
      joined("join", f.source("stream", [1]), merged);
    });
    expect(faults).toMatchObject([{ kind: "bad-option", stage: "join" }]);
  });

  it("refuses one stage on both sides, or behind two references that are not the same, whatever is read of it", () => {
    const faults = faultsOf((f) => {
      const a = f.source("a", [1]);
      const b = f.source("b", [1]);
      const c = f.source("c", [1]);
      joined("same", a, a, { read: "live" });
      joined("within", a, f.merge(b, a), { read: "live" });
      const from = (stream: Stream<number>): object => ({ from: stream, ...SPEC });
      ended(a.join("two", untyped({ x: from(f.merge(b, c)), y: from(c) }), untyped(SPEC)), "two");
      const mapped = a.map("mapped", (n) => n);
      const by = { key: ({ input }: { readonly input: number }) => input, on: (n: number) => n };
      ended(mapped.join("errors", mapped.errors, { ...by, read: "live", combine: (n) => n }), "errors");
    });
    expect(faults).toEqual([
      { kind: "joined-with-itself", stage: "same", from: "a" },
      { kind: "joined-with-itself", stage: "within", from: "a" },
      { kind: "joined-with-itself", stage: "two", from: "c" },
      { kind: "joined-with-itself", stage: "errors", from: "mapped" },
    ]);
    expect(textOf(faults)).toContain('Join "same" reads "a" as two of its inputs. Put a map in between');
  });

  it("refuses a join within a cycle", () => {
    const faults = faultsOf((f) => {
      const back = f.feedback<number>();
      const entry = f.merge(f.source("a", [1]), back).map("entry", (n) => n);
      const out = joined("join", entry, f.source("b", [1]));
      back.connect(out.filter("again", (n) => n < 0));
    });
    expect(faults).toContainEqual({
      kind: "topology",
      fault: { kind: "cycle-through", stage: "join", stageKind: "join", members: ["entry", "join", "again"] },
    });
  });
});

describe("a join that reads its references first", () => {
  const sum = (stream: Stream<number>, name: string): Stream<number> =>
    stream.stateful(name, { initial: () => 0, fold: (a, b) => a + b, project: (total) => [total], emit: onEnd() });

  it("is refused where a source is behind both its sides, however far, and is told what to do", () => {
    const build =
      (read: "first" | "live") =>
      (f: FlowBuilder): void => {
        const a = f.source("a", [1]);
        const other = f.source("other", [1]);
        joined(
          "join",
          f.merge(other, a).map("near", (n) => n),
          sum(
            a.map("far", (n) => n),
            "farther",
          ),
          { read },
        );
      };
    expect(faultsOf(build("live"))).toEqual([]);
    const faults = faultsOf(build("first"));
    expect(faults).toEqual([{ kind: "join-waits-for-itself", stage: "join", source: "a", others: [] }]);
    expect(textOf(faults)).toMatch(
      /^Join "join" .* source "a" is behind .* `read: "live"`, or have a source of its own/,
    );
  });

  it("is refused where several of them would hold one another back", () => {
    const crossed = (read: "first" | "live"): readonly FlowFault[] =>
      faultsOf((f) => {
        const [a, b, c] = ["a", "b", "c"].map((name) => f.source(name, [1])) as [
          Stream<number>,
          Stream<number>,
          Stream<number>,
        ];
        joined("a-by-b", a, b);
        joined("b-by-c", b, c);
        joined("c-by-a", c, a, { read });
      });
    expect(crossed("live")).toEqual([]);
    const faults = crossed("first");
    expect(faults).toEqual([
      { kind: "join-waits-for-itself", stage: "a-by-b", source: "a", others: ["b-by-c", "c-by-a"] },
      { kind: "join-waits-for-itself", stage: "b-by-c", source: "b", others: ["c-by-a", "a-by-b"] },
      { kind: "join-waits-for-itself", stage: "c-by-a", source: "c", others: ["a-by-b", "b-by-c"] },
    ]);
    expect(textOf(faults)).toContain(
      'Join "a-by-b" holds back source "a" until its references have ended, and "b-by-c" and "c-by-a"',
    );
  });

  it("may be followed by one that reads the same reference, and two may share their references", () => {
    const faults = faultsOf((f) => {
      const a = f.source("a", [1]);
      const reference = f.source("reference", [1]);
      joined("second", joined("first", a, reference), reference);
      joined("third", f.source("b", [1]), reference);
    });
    expect(faults).toEqual([]);
  });
});
