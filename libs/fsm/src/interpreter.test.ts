import { describe, expect, it } from "vitest";

import {
  explain,
  type Interpreter,
  interpreter,
  type InterpreterFault,
  type InterpreterOptions,
  machine,
  type TimeoutClock,
} from "./index.ts";

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "busy"; readonly job: number }
  | { readonly kind: "waiting"; readonly forMs: number }
  | { readonly kind: "done" };
type Event =
  | { readonly kind: "work"; readonly job: number }
  | { readonly kind: "wait"; readonly forMs: number }
  | { readonly kind: "poke" }
  | { readonly kind: "rest" }
  | { readonly kind: "end" };
type Action = { readonly kind: "say"; readonly text: string } | { readonly kind: "again" } | { readonly kind: "fail" };

const say = (text: string): Action => ({ kind: "say", text });

const worker = machine<State, Event, Action>("worker", { kind: "idle" })
  .any("end", "done")
  .state("idle", (s) =>
    s
      .on("work", "busy", (_, { job }) => ({ state: { kind: "busy", job }, actions: [say(`job ${job}`)] }))
      .on("wait", "waiting", (_, { forMs }) => ({ state: { kind: "waiting", forMs } }))
      .on("rest", "idle")
      .stay("poke", () => ({ actions: [say("before"), { kind: "fail" }, say("after")] })),
  )
  .state("busy", (s) =>
    s
      .exit(({ job }) => [say(`left ${job}`)])
      .on("work", "busy", (_, { job }) => ({ state: { kind: "busy", job } }))
      .stay("poke", ({ job }) => ({ state: { kind: "busy", job: job + 1 }, actions: [{ kind: "again" }] }))
      .on("rest", "idle")
      .after(100, { kind: "rest" }),
  )
  .state("waiting", (s) => s.on("rest", "idle").ignore("poke").after("forMs", { kind: "rest" }))
  .final("done")
  .buildOrThrow();

/** A clock that moves when it is told to, and runs what is due in order. */
class VirtualClock implements TimeoutClock {
  now = 0;
  readonly #due = new Set<{ readonly at: number; readonly run: () => void }>();

  get pending(): number {
    return this.#due.size;
  }

  schedule(afterMs: number, run: () => void): () => void {
    const entry = { at: this.now + afterMs, run };
    this.#due.add(entry);
    return () => void this.#due.delete(entry);
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.#due].filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#due.delete(next);
      this.now = next.at;
      next.run();
    }
    this.now = until;
  }
}

function setUp(options: Partial<InterpreterOptions<State, Event, Action>> = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const faults: InterpreterFault<State, Event, Action>[] = [];
  const shown: State[] = [];
  const perform = (action: Action): void => {
    if (action.kind === "fail") throw new Error("boom");
    if (action.kind === "say") said.push(action.text);
  };
  const running = interpreter(worker, { clock, perform, onFault: (fault) => faults.push(fault), ...options });
  const unwatch = running.watch((state) => void shown.push(state));
  return { clock, said, faults, shown, running, unwatch };
}

describe("sending", () => {
  it("changes the state, performs the actions and returns the state", () => {
    const { running, said } = setUp();
    expect(running.send({ kind: "work", job: 1 })._unsafeUnwrap()).toEqual({ kind: "busy", job: 1 });
    expect(running.send({ kind: "rest" })._unsafeUnwrap()).toEqual({ kind: "idle" });
    expect(running.state).toEqual({ kind: "idle" });
    expect(said).toEqual(["job 1", "left 1"]);
  });

  it("returns the machine's fault to the sender, and changes nothing", () => {
    const { running, shown, faults } = setUp({ from: { kind: "waiting", forMs: 5 } });
    expect(running.send({ kind: "work", job: 1 })._unsafeUnwrapErr().kind).toBe("unhandled-event");
    expect(running.state).toEqual({ kind: "waiting", forMs: 5 });
    expect(shown).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("returns the fault of an action that threw, skips the rest, and keeps the transition", () => {
    const { running, said } = setUp();
    expect(running.send({ kind: "poke" })._unsafeUnwrapErr()).toEqual({
      kind: "action-threw",
      machine: "worker",
      state: { kind: "idle" },
      event: { kind: "poke" },
      action: { kind: "fail" },
      cause: new Error("boom"),
    });
    expect(said).toEqual(["before"]);
    expect(running.send({ kind: "work", job: 2 }).isOk()).toBe(true);
  });
});

describe("watchers", () => {
  it("are shown the state when, and only when, it differs", () => {
    const { running, shown } = setUp();
    running.send({ kind: "rest" });
    expect(shown).toEqual([]);
    running.send({ kind: "work", job: 1 });
    running.send({ kind: "work", job: 1 });
    running.send({ kind: "work", job: 2 });
    expect(shown).toEqual([
      { kind: "busy", job: 1 },
      { kind: "busy", job: 2 },
    ]);
  });

  it("are shown a state that gained or lost a field", () => {
    type Note = { readonly kind: "note"; readonly text?: string };
    const notes = machine<Note | { readonly kind: "end" }, Note | { readonly kind: "end" }>("notes", { kind: "note" })
      .state("note", (s) => s.stay("note", (_, event) => ({ state: event })).on("end", "end"))
      .final("end")
      .buildOrThrow();
    const shown: unknown[] = [];
    const running = interpreter(notes, {
      clock: new VirtualClock(),
      perform: () => undefined,
      onFault: () => undefined,
    });
    running.watch((state) => shown.push(state));
    for (const event of [{}, { text: "a" }, { text: "a" }, {}, {}]) running.send({ kind: "note", ...event });
    expect(shown).toEqual([{ kind: "note", text: "a" }, { kind: "note" }]);
  });

  it("are shown the state before its actions are performed, and no more once they have left", () => {
    const order: string[] = [];
    const { running, unwatch, shown } = setUp({ perform: (action) => order.push(action.kind) });
    running.watch((state) => order.push(state.kind));
    running.send({ kind: "work", job: 1 });
    unwatch();
    running.send({ kind: "rest" });
    expect(order).toEqual(["busy", "say", "idle", "say"]);
    expect(shown).toHaveLength(1);
  });

  it("that throw harm neither the sender nor one another", () => {
    const { running, faults } = setUp();
    const shown: string[] = [];
    running.watch(() => {
      throw new Error("boom");
    });
    running.watch((state) => shown.push(state.kind));
    expect(running.send({ kind: "work", job: 1 }).isOk()).toBe(true);
    expect(shown).toEqual(["busy"]);
    expect(faults.map(({ kind }) => kind)).toEqual(["watcher-threw"]);
  });

  it("that leave or join while a state is being shown neither see it late nor see it twice", () => {
    const { running } = setUp();
    const seen: string[] = [];
    const leave: (() => void)[] = [];
    running.watch(() => {
      seen.push("first");
      leave.forEach((each) => {
        each();
      });
      running.watch(() => seen.push("joined"));
    });
    leave.push(running.watch(() => seen.push("left")));
    running.send({ kind: "work", job: 1 });
    expect(seen).toEqual(["first"]);
  });
});

describe("re-entrancy", () => {
  /** Runs a worker whose "again" action sends the events given. */
  function reentrant(events: readonly Event[], queueLimit = 1_000) {
    const results: string[] = [];
    const performed: string[] = [];
    const holder: { running?: Interpreter<State, Event, Action> } = {};
    const set = setUp({
      queueLimit,
      perform: (action) => {
        performed.push(action.kind);
        if (action.kind !== "again") return;
        for (const event of events) {
          const sent = holder.running?.send(event);
          if (sent !== undefined)
            results.push(
              sent.match(
                ({ kind }) => kind,
                ({ kind }) => kind,
              ),
            );
        }
      },
    });
    holder.running = set.running;
    set.running.send({ kind: "work", job: 1 });
    return { ...set, results, performed };
  }

  it("queues what is sent from an action, and takes it after the event under way", () => {
    const { running, shown, results } = reentrant([{ kind: "work", job: 50 }, { kind: "rest" }]);
    expect(running.send({ kind: "poke" })._unsafeUnwrap()).toEqual({ kind: "idle" });
    expect(shown.map((state) => (state.kind === "busy" ? state.job : state.kind))).toEqual([1, 2, 50, "idle"]);
    expect(results).toEqual(["busy", "busy"]);
  });

  it("reports the fault of a queued event, and takes those behind it", () => {
    const { running, faults } = reentrant([{ kind: "wait", forMs: 1 }, { kind: "rest" }]);
    expect(running.send({ kind: "poke" })._unsafeUnwrap()).toEqual({ kind: "idle" });
    expect(faults.map(({ kind }) => kind)).toEqual(["unhandled-event"]);
  });

  it("answers by a fault when events beget events beyond the limit, and works on afterwards", () => {
    const { running, results } = reentrant([{ kind: "poke" }], 10);
    expect(running.send({ kind: "poke" })._unsafeUnwrap()).toEqual({ kind: "busy", job: 12 });
    const refusedOnce = [...Array.from({ length: 10 }, () => "busy"), "queue-limit"];
    expect(results).toEqual(refusedOnce);
    running.send({ kind: "poke" });
    expect(results).toEqual([...refusedOnce, ...refusedOnce]);
  });

  it("queues what a watcher sends", () => {
    const { running } = setUp();
    running.watch((state) => void (state.kind === "busy" && running.send({ kind: "rest" })));
    expect(running.send({ kind: "work", job: 1 })._unsafeUnwrap()).toEqual({ kind: "idle" });
  });
});

describe("a timeout", () => {
  it("fires once the state has lasted its time, and not before", () => {
    const { running, clock } = setUp();
    running.send({ kind: "work", job: 1 });
    clock.advance(99);
    expect(running.state.kind).toBe("busy");
    clock.advance(1);
    expect(running.state.kind).toBe("idle");
    expect(clock.pending).toBe(0);
  });

  it("goes on when the state stays, begins anew when it is entered again, ends when it is left", () => {
    const { running, clock } = setUp();
    running.send({ kind: "work", job: 1 });
    clock.advance(60);
    running.send({ kind: "poke" });
    clock.advance(39);
    expect(running.state).toEqual({ kind: "busy", job: 2 });
    clock.advance(1);
    expect(running.state).toEqual({ kind: "idle" });
    running.send({ kind: "work", job: 3 });
    clock.advance(60);
    running.send({ kind: "work", job: 4 });
    clock.advance(99);
    expect(running.state).toEqual({ kind: "busy", job: 4 });
    running.send({ kind: "rest" });
    expect(clock.pending).toBe(0);
  });

  it("may be read from the state, and begins with the state that the interpreter begins in", () => {
    const { running, clock } = setUp({ from: { kind: "waiting", forMs: 30 } });
    clock.advance(29);
    expect(running.state.kind).toBe("waiting");
    clock.advance(1);
    expect(running.state.kind).toBe("idle");
  });

  it("reports its fault, for it has no sender", () => {
    const { clock, faults } = setUp({
      from: { kind: "busy", job: 1 },
      perform: () => {
        throw new Error("boom");
      },
    });
    clock.advance(100);
    expect(faults.map(({ kind }) => kind)).toEqual(["action-threw"]);
  });

  it("that fires although it was disarmed does nothing", () => {
    const fired: (() => void)[] = [];
    const { running } = setUp({
      clock: {
        schedule: (_, run) => {
          fired.push(run);
          return () => undefined;
        },
      },
    });
    running.send({ kind: "work", job: 1 });
    running.send({ kind: "work", job: 2 });
    fired[0]?.();
    expect(running.state).toEqual({ kind: "busy", job: 2 });
    fired[1]?.();
    fired[1]?.();
    expect(running.state).toEqual({ kind: "idle" });
  });

  it("that fires while an event is being taken waits its turn, and lapses if the state is left before", () => {
    const events: Event[] = [];
    const holder: { set?: ReturnType<typeof setUp> } = {};
    const set = setUp({
      perform: (action) => {
        if (action.kind !== "again") return;
        events.forEach((event) => holder.set?.running.send(event));
        set.clock.advance(100);
      },
    });
    holder.set = set;
    set.running.send({ kind: "work", job: 1 });
    set.running.send({ kind: "poke" });
    expect(set.running.state).toEqual({ kind: "idle" });
    events.push({ kind: "work", job: 50 });
    set.running.send({ kind: "work", job: 1 });
    set.running.send({ kind: "poke" });
    expect(set.running.state).toEqual({ kind: "busy", job: 50 });
    expect(set.faults).toEqual([]);
  });

  it("of no time at all is taken before the interpreter is handed out, even by a clock that fires at once", () => {
    const { running } = setUp({
      from: { kind: "waiting", forMs: 0 },
      clock: {
        schedule: (_, run) => {
          run();
          return () => undefined;
        },
      },
    });
    expect(running.state.kind).toBe("idle");
  });
});

describe("stopping", () => {
  it("disarms the timeout and refuses what comes later", () => {
    const { running, clock, shown } = setUp({ from: { kind: "busy", job: 1 } });
    running.stop();
    running.stop();
    expect(clock.pending).toBe(0);
    clock.advance(1_000);
    expect(running.send({ kind: "rest" })._unsafeUnwrapErr().kind).toBe("stopped");
    expect(running.state).toEqual({ kind: "busy", job: 1 });
    expect(shown).toEqual([]);
  });

  it("while a queued event is being taken leaves those behind it", () => {
    const { running } = setUp();
    running.watch((state) => {
      if (state.kind === "idle") running.stop();
      else if (state.kind === "busy" && state.job === 1) {
        running.send({ kind: "rest" });
        running.send({ kind: "work", job: 2 });
      }
    });
    expect(running.send({ kind: "work", job: 1 })._unsafeUnwrap()).toEqual({ kind: "idle" });
  });

  it("while an event is being taken finishes that one and takes none of those queued", () => {
    const { running } = setUp();
    running.watch(() => {
      running.send({ kind: "rest" });
      running.stop();
    });
    expect(running.send({ kind: "work", job: 1 })._unsafeUnwrap()).toEqual({ kind: "busy", job: 1 });
    expect(running.send({ kind: "rest" })._unsafeUnwrapErr().kind).toBe("stopped");
  });
});

it("explains every fault in a sentence that names machine, state and event", () => {
  const at = { machine: "M1", state: { kind: "idle" }, event: { kind: "rest" } } as const;
  const faults: readonly InterpreterFault[] = [
    { kind: "unhandled-event", ...at },
    { kind: "unknown-state", ...at },
    { kind: "handler-threw", cause: new Error("C1"), ...at },
    { kind: "hook-threw", hook: "entry", of: "S1", cause: new Error("C1"), ...at },
    { kind: "undeclared-target", declared: ["D1", "D2"], returned: "R1", ...at },
    { kind: "action-threw", action: 1, cause: "C1", ...at },
    { kind: "watcher-threw", cause: "C1", ...at },
    { kind: "queue-limit", limit: 77, ...at },
    { kind: "stopped", ...at },
  ];
  for (const fault of faults) {
    expect(explain(fault)).toContain('Machine "M1", state "idle", event "rest": ');
    if ("cause" in fault) expect(explain(fault)).toContain("C1");
  }
  expect(new Set(faults.map(explain)).size).toBe(faults.length);
  expect(explain({ kind: "unknown-state", machine: "M1", state: null as never, event: { kind: "rest" } })).toContain(
    '"undefined"',
  );
});
