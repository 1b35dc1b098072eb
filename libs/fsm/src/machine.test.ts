import { describe, expect, it } from "vitest";

import { machine } from "./index.ts";

type State =
  | { readonly kind: "closed" }
  | { readonly kind: "open"; readonly since: number }
  | { readonly kind: "broken"; readonly cause: string };
type Event =
  | { readonly kind: "push"; readonly at: number }
  | { readonly kind: "pull" }
  | { readonly kind: "smash"; readonly cause: string };
type Action = { readonly kind: "ring" } | { readonly kind: "log"; readonly text: string };

const CLOSED: State = { kind: "closed" };
const OPEN: State = { kind: "open", since: 7 };
const BROKEN: State = { kind: "broken", cause: "axe" };
const PUSH: Event = { kind: "push", at: 7 };
const PULL: Event = { kind: "pull" };
const SMASH: Event = { kind: "smash", cause: "axe" };

const log = (text: string): Action => ({ kind: "log", text });

const described = machine<State, Event, Action>("door", CLOSED)
  .state("closed", (s) =>
    s
      .entry((_, event) => [log(`enter closed by ${event.kind}`)])
      .exit((_, event) => [log(`leave closed by ${event.kind}`)])
      .on("push", "open", (_, event) => ({ state: { kind: "open", since: event.at }, actions: [{ kind: "ring" }] }))
      .ignore("pull"),
  )
  .state("open", (s) =>
    s
      .entry((state) => [log(`open since ${state.since}`)])
      .stay("push", (state, event) => (event.at > state.since ? { state: { kind: "open", since: event.at } } : {}))
      .on("pull", "closed", () => ({ actions: [{ kind: "ring" }] }))
      .after(5_000, PULL),
  )
  .final("broken")
  .any("smash", "broken", (_, event) => ({ state: { kind: "broken", cause: event.cause } }));

const door = described.buildOrThrow();

/** A two-state machine whose every part may be replaced by one that fails. */
function fragile(parts: {
  readonly exit?: () => readonly string[];
  readonly entry?: () => readonly string[];
  readonly move?: () => { readonly state?: { readonly kind: "b" }; readonly actions?: readonly string[] };
  readonly stay?: () => { readonly state?: { readonly kind: "a" }; readonly actions?: readonly string[] };
}) {
  type S = { readonly kind: "a" } | { readonly kind: "b" } | { readonly kind: "c" };
  type E = { readonly kind: "go" } | { readonly kind: "tick" } | { readonly kind: "end" };
  return machine<S, E, string>("fragile", { kind: "a" })
    .state("a", (s) =>
      s
        .exit(parts.exit ?? (() => ["exit"]))
        .on("go", "b", parts.move ?? (() => ({ actions: ["move"] })))
        .stay("tick", parts.stay ?? (() => ({ actions: ["stay"] }))),
    )
    .state("b", (s) => s.entry(parts.entry ?? (() => ["entry"])).on("go", "a"))
    .final("c")
    .any("end", "c")
    .buildOrThrow();
}

const boom = (): never => {
  throw new Error("boom");
};

describe("a transition", () => {
  it("gives actions in the order exit, entry, transition", () => {
    expect(door.transition(CLOSED, PUSH)._unsafeUnwrap()).toEqual({
      kind: "moved",
      state: OPEN,
      actions: [log("leave closed by push"), log("open since 7"), { kind: "ring" }],
    });
  });

  it("stays without hooks, with new data, and may leave the very value as it is", () => {
    expect(door.transition(OPEN, { kind: "push", at: 9 })._unsafeUnwrap()).toEqual({
      kind: "stayed",
      state: { kind: "open", since: 9 },
      actions: [],
    });
    expect(door.transition(OPEN, { kind: "push", at: 3 })._unsafeUnwrap().state).toBe(OPEN);
  });

  it("runs the hooks of a state that moves to itself", () => {
    type S = { readonly kind: "on" } | { readonly kind: "off" };
    const lamp = machine<S, { readonly kind: "reset" | "flip" }, string>("lamp", { kind: "on" })
      .state("on", (s) =>
        s
          .entry(() => ["entry"])
          .exit(() => ["exit"])
          .on("reset", "on", () => ({ actions: ["move"] })),
      )
      .final("off")
      .any("flip", "off")
      .buildOrThrow();
    expect(lamp.transition({ kind: "on" }, { kind: "reset" })._unsafeUnwrap()).toEqual({
      kind: "moved",
      state: { kind: "on" },
      actions: ["exit", "entry", "move"],
    });
  });

  it("ignores what it was told to ignore, and gives the very state back", () => {
    const step = door.transition(CLOSED, PULL)._unsafeUnwrap();
    expect(step).toEqual({ kind: "ignored", state: CLOSED, actions: [] });
    expect(step.state).toBe(CLOSED);
  });

  it("makes a target without data from its name", () => {
    expect(door.transition(OPEN, PULL)._unsafeUnwrap()).toEqual({
      kind: "moved",
      state: CLOSED,
      actions: [log("enter closed by pull"), { kind: "ring" }],
    });
  });

  it("enters and leaves by hooks where no handler speaks", () => {
    const at = (kind: "a" | "b", event: "back" | "end" | "in" | "out") =>
      hooked.transition({ kind }, { kind: event })._unsafeUnwrap().actions;
    const hooked = machine<
      { readonly kind: "a" } | { readonly kind: "b" } | { readonly kind: "c" },
      { readonly kind: "in" } | { readonly kind: "out" } | { readonly kind: "back" } | { readonly kind: "end" },
      string
    >("hooked", { kind: "a" })
      .state("a", (s) => s.on("in", "b").on("end", "c"))
      .state("b", (s) =>
        s
          .entry(() => ["entry"])
          .exit(() => ["exit"])
          .on("out", "a")
          .on("back", "b"),
      )
      .final("c")
      .buildOrThrow();
    expect(at("a", "in")).toEqual(["entry"]);
    expect(at("b", "out")).toEqual(["exit"]);
    expect(at("b", "back")).toEqual(["exit", "entry"]);
    expect(at("a", "end")).toEqual([]);
  });

  it("goes to whichever of several declared targets the handler returns", () => {
    type S = { readonly kind: "wait" } | { readonly kind: "yes"; readonly n: number } | { readonly kind: "no" };
    const gate = machine<S, { readonly kind: "try"; readonly n: number }>("gate", { kind: "wait" })
      .state("wait", (s) =>
        s.on("try", ["yes", "no"], (_, { n }) => ({ state: n > 2 ? { kind: "yes", n } : { kind: "no" } })),
      )
      .final("yes")
      .final("no")
      .buildOrThrow();
    expect(gate.transition({ kind: "wait" }, { kind: "try", n: 1 })._unsafeUnwrap().state).toEqual({ kind: "no" });
    expect(gate.transition({ kind: "wait" }, { kind: "try", n: 3 })._unsafeUnwrap().state).toEqual({
      kind: "yes",
      n: 3,
    });
  });

  it("lets nobody change what several transitions share", () => {
    const lamp = fragile({});
    const step = lamp.transition({ kind: "a" }, { kind: "end" })._unsafeUnwrap();
    expect(Object.isFrozen(lamp.transition({ kind: "b" }, { kind: "end" })._unsafeUnwrap())).toBe(true);
    expect(Object.isFrozen(step.state)).toBe(true);
    expect(Object.isFrozen(door.transition(CLOSED, PULL)._unsafeUnwrap().actions)).toBe(true);
  });
});

describe("wildcards", () => {
  it("speak for every state that is not final", () => {
    expect(door.transition(CLOSED, SMASH)._unsafeUnwrap().state).toEqual(BROKEN);
    expect(door.transition(OPEN, SMASH)._unsafeUnwrap().state).toEqual(BROKEN);
    expect(door.transition(BROKEN, SMASH)._unsafeUnwrapErr().kind).toBe("unhandled-event");
  });

  it("give way to a state's own answer", () => {
    const own = machine<
      { readonly kind: "a" } | { readonly kind: "b" } | { readonly kind: "c" },
      { readonly kind: "x" } | { readonly kind: "y" } | { readonly kind: "z" },
      string
    >("own", { kind: "a" })
      .any("x", "c")
      .anyStay("y", (state) => ({ actions: [`any in ${state.kind}`] }))
      .anyIgnore("z")
      .state("a", (s) => s.on("x", "b").stay("y", () => ({ actions: ["own"] })))
      .state("b", (s) => s.on("z", "a"))
      .final("c")
      .buildOrThrow();
    const at = (kind: "a" | "b" | "c", event: "x" | "y" | "z") =>
      own.transition({ kind }, { kind: event })._unsafeUnwrap();
    expect(at("a", "x").state.kind).toBe("b");
    expect(at("b", "x").state.kind).toBe("c");
    expect(at("a", "y").actions).toEqual(["own"]);
    expect(at("b", "y")).toEqual({ kind: "stayed", state: { kind: "b" }, actions: ["any in b"] });
    expect(at("a", "z").kind).toBe("ignored");
    expect(at("b", "z").state.kind).toBe("a");
  });
});

describe("a fault", () => {
  it("names machine, state and event of what has no answer", () => {
    expect(door.transition(BROKEN, PULL)._unsafeUnwrapErr()).toEqual({
      kind: "unhandled-event",
      machine: "door",
      state: BROKEN,
      event: PULL,
    });
  });

  it("does not arise from an unhandled event where the policy is to ignore", () => {
    const lenient = described.unhandled("ignore").buildOrThrow();
    const step = lenient.transition(BROKEN, PULL)._unsafeUnwrap();
    expect(step).toEqual({ kind: "ignored", state: BROKEN, actions: [] });
    expect(step.state).toBe(BROKEN);
  });

  it("holds what a handler or a hook threw, and whose hook it was", () => {
    const go = { kind: "go" } as const;
    const a = { kind: "a" } as const;
    const where = { machine: "fragile", state: a, event: go, cause: new Error("boom") };
    const faultOf = (parts: Parameters<typeof fragile>[0]) => fragile(parts).transition(a, go)._unsafeUnwrapErr();
    expect(faultOf({ move: boom })).toEqual({ kind: "handler-threw", ...where });
    expect(faultOf({ exit: boom })).toEqual({ kind: "hook-threw", hook: "exit", of: "a", ...where });
    expect(faultOf({ entry: boom })).toEqual({ kind: "hook-threw", hook: "entry", of: "b", ...where });
    expect(fragile({ stay: boom }).transition(a, { kind: "tick" })._unsafeUnwrapErr().kind).toBe("handler-threw");
  });

  it("is given for a state of a kind that was not declared, or for none", () => {
    const state = (kind: string) => ({ state: { kind } as never });
    const go = { kind: "go" } as const;
    const a = { kind: "a" } as const;
    expect(
      fragile({ move: () => state("c") })
        .transition(a, go)
        ._unsafeUnwrapErr(),
    ).toEqual({ kind: "undeclared-target", machine: "fragile", state: a, event: go, declared: ["b"], returned: "c" });
    expect(
      fragile({ stay: () => state("b") })
        .transition(a, { kind: "tick" })
        ._unsafeUnwrapErr(),
    ).toMatchObject({ kind: "undeclared-target", declared: ["a"], returned: "b" });
    const choice = machine<State, Event>("choice", CLOSED)
      .state("closed", (s) => s.on("push", ["open", "broken"], () => ({}) as never))
      .final("open")
      .final("broken")
      .buildOrThrow();
    expect(choice.transition(CLOSED, PUSH)._unsafeUnwrapErr()).toMatchObject({
      kind: "undeclared-target",
      declared: ["open", "broken"],
      returned: undefined,
    });
  });

  it("is the answer to values that are no state or event at all, never a throw", () => {
    for (const garbage of [undefined, null, 0, "closed", {}, [], { kind: "ajar" }, { kind: Symbol("closed") }]) {
      expect(door.transition(garbage as never, PULL)._unsafeUnwrapErr().kind).toBe("unknown-state");
      expect(door.transition(CLOSED, garbage as never)._unsafeUnwrapErr().kind).toBe("unhandled-event");
      expect(door.isFinal(garbage as never)).toBe(false);
      expect(door.timeout(garbage as never)).toBeUndefined();
    }
  });

  it("is the answer to handlers that return no object", () => {
    for (const garbage of [undefined, null]) {
      const returned = fragile({ move: () => garbage as never }).transition({ kind: "a" }, { kind: "go" });
      expect(returned._unsafeUnwrapErr().kind).toBe("handler-threw");
    }
  });
});

it("treats no name as special", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "*"];
  let builder = machine<{ readonly kind: string }, { readonly kind: string }>("odd", { kind: "__proto__" }).final(
    "end",
  );
  builder = names.reduce(
    (sofar, name, index) => sofar.state(name, (s) => s.on(name, names[index + 1] ?? "end")),
    builder,
  );
  const odd = builder.buildOrThrow();
  expect(odd.fold(names.map((kind) => ({ kind })))._unsafeUnwrap()).toEqual({ kind: "end" });
  expect(odd.transition({ kind: "" }, { kind: "valueOf" })._unsafeUnwrapErr().kind).toBe("unhandled-event");
  expect(odd.transition({ kind: "valueOf" }, { kind: "" })._unsafeUnwrapErr().kind).toBe("unknown-state");
  expect(odd.transition({ kind: "constructor" }, { kind: "constructor" })._unsafeUnwrap().state.kind).toBe("toString");
});

describe("a fold", () => {
  it("gives the state reached, from the initial state or another", () => {
    expect(door.fold([PUSH, PULL, PUSH])._unsafeUnwrap()).toEqual(OPEN);
    expect(door.fold([])._unsafeUnwrap()).toBe(door.initial);
    expect(door.fold([PULL, SMASH], OPEN)._unsafeUnwrap()).toEqual(BROKEN);
  });

  it("takes any iterable, and reads no further than the first fault, whose index it gives", () => {
    let read = 0;
    function* events(): Generator<Event> {
      for (const event of [PUSH, SMASH, PULL, PULL]) {
        read += 1;
        yield event;
      }
    }
    expect(door.fold(events())._unsafeUnwrapErr()).toEqual({
      kind: "unhandled-event",
      machine: "door",
      state: BROKEN,
      event: PULL,
      index: 2,
    });
    expect(read).toBe(3);
  });
});

describe("what a machine says of itself", () => {
  it("names itself, its states, its initial and its final ones", () => {
    expect(door.name).toBe("door");
    expect(door.initial).toEqual(CLOSED);
    expect(door.states).toEqual(["closed", "open", "broken"]);
    expect([CLOSED, OPEN, BROKEN].map((state) => door.isFinal(state))).toEqual([false, false, true]);
  });

  it("gives the timeout of a state as data", () => {
    expect(door.timeout(CLOSED)).toBeUndefined();
    expect(door.timeout(OPEN)).toEqual({ afterMs: 5_000, event: PULL });
  });

  it("reads a timeout from the field of the state that is named for it", () => {
    const until = machine<State, Event>("until", CLOSED)
      .state("closed", (s) => s.on("push", "open", (_, { at }) => ({ state: { kind: "open", since: at } })))
      .state("open", (s) => s.on("pull", "closed").after("since", PULL))
      .final("broken")
      .any("smash", "broken", () => ({ state: { kind: "broken", cause: "" } }))
      .buildOrThrow();
    const afterMs = (since: number) => until.timeout({ kind: "open", since })?.afterMs;
    expect([250, 0, -3, Infinity, NaN].map(afterMs)).toEqual([250, 0, 0, undefined, undefined]);
    expect(until.timeout({ kind: "open" } as never)).toBeUndefined();
    expect(until.describe().timeouts).toEqual([{ state: "open", after: "since", event: "pull" }]);
  });

  it("describes itself in plain data that survives JSON", () => {
    const description = door.describe();
    expect(description).toEqual({
      name: "door",
      initial: "closed",
      states: ["closed", "open", "broken"],
      finals: ["broken"],
      edges: [
        { from: "closed", kind: "move", event: "push", to: ["open"] },
        { from: "closed", kind: "ignore", event: "pull", to: [] },
        { from: "open", kind: "stay", event: "push", to: [] },
        { from: "open", kind: "move", event: "pull", to: ["closed"] },
      ],
      wildcards: [{ kind: "move", event: "smash", to: ["broken"] }],
      timeouts: [{ state: "open", after: 5_000, event: "pull" }],
      unhandled: "fault",
    });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
});

it("may begin several descriptions with one, which stays as it is", () => {
  const root = machine<State, Event>("root", CLOSED).state("closed", (s) =>
    s.ignore("pull", "smash").on("push", "broken", () => ({ state: BROKEN })),
  );
  const one = root.final("broken").final("open");
  const other = root.final("open").final("broken");
  expect(one.build()._unsafeUnwrapErr()).toEqual([{ kind: "unreachable-state", state: "open" }]);
  expect(other.build()._unsafeUnwrapErr()).toEqual([{ kind: "unreachable-state", state: "open" }]);
});

it("answers one list of events in one line", () => {
  type S = { readonly kind: "on" } | { readonly kind: "off" };
  const lamp = machine<S, { readonly kind: "x" } | { readonly kind: "y" }, string>("lamp", { kind: "on" })
    .state("on", (s) => s.on(["x", "y"], "off", (_, event) => ({ actions: [event.kind] })).exhaustive())
    .final("off")
    .buildOrThrow();
  expect(lamp.transition({ kind: "on" }, { kind: "x" })._unsafeUnwrap().actions).toEqual(["x"]);
  expect(lamp.transition({ kind: "on" }, { kind: "y" })._unsafeUnwrap().actions).toEqual(["y"]);
});
