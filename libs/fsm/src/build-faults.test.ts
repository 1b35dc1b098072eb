import { describe, expect, it } from "vitest";

import { type BuildFault, explain, type Kinded, machine, type StateBuilder, type StateDescription } from "./index.ts";

type Names = StateBuilder<Kinded, Kinded, string, string, string>;

/** Begins a machine as a program without types would: no name is held against a union. */
const untyped = (initial = "a") => machine<Kinded, Kinded, string>("m", { kind: initial });
const end = (s: Names): StateDescription => s.on("end", "z");

const faultsOf = (builder: { build: () => { _unsafeUnwrapErr: () => readonly BuildFault[] } }) =>
  builder.build()._unsafeUnwrapErr();

describe("the build refuses", () => {
  it("a state described twice", () => {
    expect(faultsOf(untyped().state("a", end).state("a", end).final("z"))).toEqual([
      { kind: "duplicate-state", state: "a" },
    ]);
    expect(
      faultsOf(
        untyped()
          .state("a", end)
          .final("z")
          .state("z", (s) => s.on("x", "a")),
      ),
    ).toContainEqual({
      kind: "duplicate-state",
      state: "z",
    });
  });

  it("two answers to one event, whatever they are, with timeouts and wildcards about", () => {
    const fault = [{ kind: "duplicate-handler", state: "a", event: "x" }];
    const answers: readonly ((s: Names) => Names)[] = [
      (s) => s.on("x", "z"),
      (s) => s.stay("x"),
      (s) => s.ignore("x"),
      (s) => s.on(["y", "x"], "z"),
    ];
    for (const one of answers) {
      for (const other of answers) {
        if (one === other) continue;
        const described = untyped()
          .any("end", "z")
          .anyIgnore("x")
          .state("a", (s) => other(one(s)).after(10, { kind: "end" }))
          .final("z");
        expect(faultsOf(described)).toEqual(fault);
      }
    }
  });

  it("one event twice in one list", () => {
    expect(
      faultsOf(
        untyped()
          .state("a", (s) => end(s.ignore("x", "x")) as Names)
          .final("z"),
      ),
    ).toEqual([{ kind: "duplicate-handler", state: "a", event: "x" }]);
  });

  it("two wildcards for one event", () => {
    expect(faultsOf(untyped().state("a", end).final("z").anyIgnore("x").anyStay("x"))).toEqual([
      { kind: "duplicate-wildcard", event: "x" },
    ]);
  });

  it("two hooks of one sort, and two timeouts", () => {
    const none = (): readonly string[] => [];
    const described = untyped()
      .state("a", (s) =>
        s
          .entry(none)
          .entry(none)
          .exit(none)
          .exit(none)
          .on("end", "z")
          .after(1, { kind: "end" })
          .after(2, { kind: "end" }),
      )
      .final("z");
    expect(faultsOf(described)).toEqual([
      { kind: "duplicate-hook", state: "a", hook: "entry" },
      { kind: "duplicate-hook", state: "a", hook: "exit" },
      { kind: "duplicate-timeout", state: "a" },
    ]);
  });

  it("targets that are not described, of states and of wildcards", () => {
    expect(
      faultsOf(
        untyped()
          .state("a", (s) => s.on("x", "nowhere").on("end", "z"))
          .final("z")
          .any("y", "void"),
      ),
    ).toEqual([
      { kind: "unknown-target", state: "a", event: "x", target: "nowhere" },
      { kind: "unknown-target", event: "y", target: "void" },
    ]);
  });

  it("moves without a target, and several targets without a handler", () => {
    const described = untyped()
      .state("a", (s) => s.on("x", [], undefined as never).on("y", ["a", "z"], undefined as never))
      .final("z");
    expect(faultsOf(described)).toEqual([
      { kind: "unclear-target", state: "a", event: "x", targets: [] },
      { kind: "unclear-target", state: "a", event: "y", targets: ["a", "z"] },
    ]);
  });

  it("an initial state that is not described", () => {
    expect(faultsOf(untyped("nowhere").state("a", end).final("z"))).toEqual([
      { kind: "unknown-initial", state: "nowhere" },
    ]);
  });

  it("an initial state with no way out, be it final or not", () => {
    expect(faultsOf(untyped().state("a", (s) => s.stay("x").on("y", "a")))).toEqual([
      { kind: "initial-stuck", state: "a" },
    ]);
    expect(faultsOf(untyped().final("a"))).toEqual([{ kind: "initial-stuck", state: "a" }]);
  });

  it("states that cannot be reached, wildcards that do not apply taken into account", () => {
    const described = untyped()
      .state("a", (s) => s.on("end", "z").ignore("x"))
      .state("b", end)
      .final("z")
      .any("x", "b");
    expect(faultsOf(described)).toEqual([{ kind: "unreachable-state", state: "b" }]);
  });

  it("states that can neither move nor end", () => {
    const described = untyped()
      .state("a", (s) => s.on("x", "b").on("end", "z"))
      .state("b", (s) => s.stay("x").on("y", "b").ignore("end"))
      .final("z");
    expect(faultsOf(described)).toEqual([{ kind: "stuck-state", state: "b" }]);
  });

  it("final states that act", () => {
    const acts: readonly ((s: Names) => StateDescription)[] = [
      (s) => s.on("x", "a"),
      (s) => s.stay("x"),
      (s) => s.exit(() => []),
      (s) => s.after(1, { kind: "x" }),
    ];
    for (const act of acts) {
      const described = untyped()
        .state("a", end)
        .final("z", act as never);
      expect(faultsOf(described)).toEqual([{ kind: "final-not-final", state: "z" }]);
    }
    expect(
      untyped()
        .state("a", end)
        .final("z", (s) => s.entry(() => []).ignore("x"))
        .build()
        .isOk(),
    ).toBe(true);
  });

  it("timeouts that are not a positive, finite number", () => {
    for (const afterMs of [0, -1, NaN, Infinity, undefined, null]) {
      const described = untyped()
        .state("a", (s) => s.on("end", "z").after(afterMs as never, { kind: "end" }))
        .final("z");
      expect(faultsOf(described)).toEqual([{ kind: "invalid-timeout", state: "a", afterMs }]);
    }
  });

  it("timeouts whose event the state does not handle", () => {
    const timed = (s: Names) => s.on("end", "z").after(5, { kind: "x" });
    const fault = [{ kind: "timeout-unhandled", state: "a", event: "x" }];
    expect(faultsOf(untyped().state("a", timed).final("z"))).toEqual(fault);
    expect(
      faultsOf(
        untyped()
          .state("a", (s) => timed(s).ignore("x"))
          .final("z"),
      ),
    ).toEqual(fault);
    expect(untyped().state("a", timed).final("z").anyStay("x").build().isOk()).toBe(true);
  });
});

it("reports all faults together, in the order of the description", () => {
  const described = untyped("nowhere")
    .state("a", (s) => s.on("x", "gone").ignore("x").after(-1, { kind: "y" }))
    .state("a")
    .final("z", ((s: Names) => s.on("x", "a")) as never)
    .anyIgnore("q")
    .anyIgnore("q");
  expect(faultsOf(described).map(({ kind }) => kind)).toEqual([
    "duplicate-state",
    "duplicate-handler",
    "unknown-target",
    "invalid-timeout",
    "timeout-unhandled",
    "duplicate-wildcard",
    "unknown-initial",
    "final-not-final",
  ]);
});

it("throws one error that names every fault, for a machine that is part of the program", () => {
  const described = untyped().state("a", (s) => s.on("x", "gone"));
  expect(() => described.buildOrThrow()).toThrow(
    'The machine "m" cannot be built:\n- State "a" moves on event "x" to "gone", which is not described.',
  );
  try {
    described.buildOrThrow();
  } catch (error) {
    expect(error).toHaveProperty("cause", faultsOf(described));
  }
});

it("explains every fault in a sentence that names what it is about", () => {
  const faults: readonly BuildFault[] = [
    { kind: "duplicate-state", state: "S1" },
    { kind: "duplicate-handler", state: "S1", event: "E1" },
    { kind: "duplicate-wildcard", event: "E1" },
    { kind: "duplicate-hook", state: "S1", hook: "exit" },
    { kind: "duplicate-timeout", state: "S1" },
    { kind: "unknown-target", state: "S1", event: "E1", target: "T1" },
    { kind: "unknown-target", event: "E1", target: "T1" },
    { kind: "unclear-target", state: "S1", event: "E1", targets: [] },
    { kind: "unclear-target", event: "E1", targets: ["T1", "T2"] },
    { kind: "unknown-initial", state: "S1" },
    { kind: "initial-stuck", state: "S1" },
    { kind: "unreachable-state", state: "S1" },
    { kind: "stuck-state", state: "S1" },
    { kind: "final-not-final", state: "S1" },
    { kind: "invalid-timeout", state: "S1", afterMs: -1 },
    { kind: "timeout-unhandled", state: "S1", event: "E1" },
  ];
  for (const fault of faults) {
    const named = Object.entries(fault).flatMap(([key, value]) => (key === "kind" ? [] : [value].flat()));
    for (const name of named) expect(explain(fault)).toContain(String(name));
  }
  expect(new Set(faults.map(explain)).size).toBe(faults.length);
});
