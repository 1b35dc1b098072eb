import { expect, expectTypeOf, it } from "vitest";

import {
  machine,
  type BuildFault,
  type Machine,
  type EventsWithoutAnswer,
  type FinalBuilder,
  type StatesNotDescribed,
} from "./index.ts";
import type { Result } from "neverthrow";

type Closed = { readonly kind: "closed" };
type Open = { readonly kind: "open"; readonly since: number };
type Broken = { readonly kind: "broken"; readonly cause: string };
type State = Closed | Open | Broken;
type Push = { readonly kind: "push"; readonly at: number };
type Pull = { readonly kind: "pull" };
type Smash = { readonly kind: "smash"; readonly cause: string };
type Event = Push | Pull | Smash;
type Action = { readonly kind: "ring" } | { readonly kind: "log"; readonly text: string };

const door = machine<State, Event, Action>("door", { kind: "closed" });

it("infers state and event of every handler and hook", () => {
  door
    .state("closed", (s) =>
      s
        .entry((state, event) => {
          expectTypeOf(state).toEqualTypeOf<Closed>();
          expectTypeOf(event).toEqualTypeOf<Event>();
          return [{ kind: "ring" }];
        })
        .exit((state, event) => {
          expectTypeOf(state).toEqualTypeOf<Closed>();
          expectTypeOf(event).toEqualTypeOf<Event>();
          return [];
        })
        .on("push", "open", (state, event) => {
          expectTypeOf(state).toEqualTypeOf<Closed>();
          expectTypeOf(event).toEqualTypeOf<Push>();
          return { state: { kind: "open", since: event.at }, actions: [{ kind: "ring" }] };
        })
        .on(["pull", "smash"], ["open", "broken"], (_state, event) => {
          expectTypeOf(event).toEqualTypeOf<Pull | Smash>();
          return event.kind === "pull"
            ? { state: { kind: "open", since: 0 } }
            : { state: { kind: "broken", cause: event.cause } };
        }),
    )
    .state("open", (s) =>
      s
        .stay("push", (state, event) => {
          expectTypeOf(state).toEqualTypeOf<Open>();
          expectTypeOf(event).toEqualTypeOf<Push>();
          return { state: { kind: "open", since: event.at } };
        })
        .after("since", { kind: "pull" }),
    )
    .any("smash", "broken", (state, event) => {
      expectTypeOf(state).toEqualTypeOf<State>();
      expectTypeOf(event).toEqualTypeOf<Smash>();
      return { state: { kind: "broken", cause: event.cause } };
    });
});

it("lets a target that carries no data be named without a handler, and no other", () => {
  door.state("open", (s) => s.on("pull", "closed"));
  door.state("open", (s) => s.on("pull", "closed", () => ({ actions: [{ kind: "ring" }] })));
  // @ts-expect-error "broken" has a cause, so a handler must give it
  door.state("open", (s) => s.on("pull", "broken"));
  // @ts-expect-error several targets need a handler to choose
  door.state("open", (s) => s.on("pull", ["closed", "open"]));
});

it("refuses names that do not exist", () => {
  // @ts-expect-error no such state
  door.state("ajar");
  // @ts-expect-error no such final state
  door.final("ajar");
  // @ts-expect-error no such event
  door.state("closed", (s) => s.on("knock", "open", () => ({ state: { kind: "open", since: 0 } })));
  // @ts-expect-error no such target
  door.state("closed", (s) => s.on("push", "ajar"));
  // @ts-expect-error no such target of a wildcard
  door.any("push", "ajar");
  // @ts-expect-error no such event to ignore
  door.state("closed", (s) => s.ignore("knock"));
  // @ts-expect-error no such event of a timeout
  door.state("closed", (s) => s.after(5, { kind: "knock" }));
  // @ts-expect-error no such numeric field in this state
  door.state("closed", (s) => s.after("since", { kind: "pull" }));
  // @ts-expect-error no such policy
  door.unhandled("throw");
});

it("refuses a state that the handler has not declared", () => {
  // @ts-expect-error declared open, returns closed
  door.state("closed", (s) => s.on("push", "open", () => ({ state: { kind: "closed" } })));
  // @ts-expect-error data is missing
  door.state("closed", (s) => s.on("push", "open", () => ({ state: { kind: "open" } })));
  // @ts-expect-error an internal transition cannot leave the state
  door.state("closed", (s) => s.stay("push", () => ({ state: { kind: "broken", cause: "" } })));
  // @ts-expect-error no such action
  door.state("open", (s) => s.on("pull", "closed", () => ({ actions: [{ kind: "sing" }] })));
});

it("refuses a handler that awaits", () => {
  // @ts-expect-error a promise is no state
  door.state("closed", (s) => s.on("push", "open", async () => ({ state: { kind: "open", since: 0 } })));
  // @ts-expect-error nor is it where the state may be left out
  door.state("open", (s) => s.on("pull", "closed", async () => ({ state: { kind: "closed" } })));
});

it("refuses a second answer to an event, and a second description of a state", () => {
  // @ts-expect-error pull is ignored already
  door.state("open", (s) => s.ignore("pull").on("pull", "closed"));
  // @ts-expect-error pull is answered already
  door.state("open", (s) => s.on("pull", "closed").stay("pull"));
  // @ts-expect-error closed is described already
  door.state("closed").state("closed");
  // @ts-expect-error closed is described already
  door.state("closed").final("closed");
  // @ts-expect-error smash has its wildcard already
  door.anyIgnore("smash").anyStay("smash");
});

it("makes a missing event a compile error that names it", () => {
  door.state("open", (s) => s.on("pull", "closed").ignore("push", "smash").exhaustive());
  door.anyIgnore("smash").state("open", (s) => s.on("pull", "closed").stay("push").exhaustive());
  door.state("open", (s) => {
    const partial = s.on("pull", "closed");
    expectTypeOf(partial.exhaustive).toEqualTypeOf<EventsWithoutAnswer<"push" | "smash">>();
    // @ts-expect-error push and smash have no answer
    expect(() => void partial.exhaustive()).not.toThrow();
    return partial;
  });
});

it("makes a missing state a compile error that names it", () => {
  const partial = door.state("closed").final("broken");
  expectTypeOf(partial.build).toEqualTypeOf<StatesNotDescribed<"open">>();
  expectTypeOf(partial.buildOrThrow).toEqualTypeOf<StatesNotDescribed<"open">>();
  const whole = partial.state("open");
  expectTypeOf(whole.build).toEqualTypeOf<() => Result<Machine<State, Event, Action>, readonly BuildFault[]>>();
});

it("gives a final state neither moves nor timeouts", () => {
  door.final("broken", (s) => s.entry((state) => [{ kind: "log", text: state.cause }]).ignore("push"));
  expectTypeOf<FinalBuilder<State, Event, Action, "broken">>().not.toHaveProperty("on");
  expectTypeOf<FinalBuilder<State, Event, Action, "broken">>().not.toHaveProperty("stay");
  expectTypeOf<FinalBuilder<State, Event, Action, "broken">>().not.toHaveProperty("after");
});

it("takes states and events of the machine only", () => {
  const use = (built: Machine<State, Event, Action>): void => {
    built.transition({ kind: "closed" }, { kind: "pull" });
    // @ts-expect-error no such event
    built.transition({ kind: "closed" }, { kind: "knock" });
    // @ts-expect-error no such state
    built.isFinal({ kind: "ajar" });
    expectTypeOf(built.states).toEqualTypeOf<readonly ("closed" | "open" | "broken")[]>();
    expectTypeOf(built.timeout({ kind: "closed" })).toEqualTypeOf<
      { readonly afterMs: number; readonly event: Event } | undefined
    >();
  };
  expectTypeOf(use).toBeFunction();
});

it("takes names that are plain strings, for machines made from data", () => {
  const made = machine<{ readonly kind: string }, { readonly kind: string }>("made", { kind: "a" })
    .state("a", (s) => s.on("go", "b").ignore("b").exhaustive())
    .final("b");
  expect(made.build().isOk()).toBe(true);
});
