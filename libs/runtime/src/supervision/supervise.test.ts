import { describe, expect, it } from "vitest";

import { SYSTEM_LANE, type RunLog, type RunManifest, type StorageFault } from "@refold/core";
import { machine, type Machine } from "@refold/fsm";
import { memoryStore } from "@refold/log-memory";
import { ManualClock, readRun, tapLog, testRunId, type LogTapOptions } from "@refold/testkit";

import { Channel } from "./channel.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "./directive.ts";
import { LaneWriter } from "./lane-writer.ts";
import { supervise, type SupervisorEnd } from "./supervise.ts";
import type { HandlerSupervised } from "./supervisor.ts";
import { Turns } from "./turns.ts";
import { Wake } from "./wake.ts";
import { Watched } from "./watched.ts";

type State =
  | { readonly kind: "asleep" }
  | { readonly kind: "awake"; readonly looked: number }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly why: string };

type Event =
  | { readonly kind: "wake" }
  | { readonly kind: "look" }
  | { readonly kind: "stop" }
  | { readonly kind: "odd" }
  | { readonly kind: "fail"; readonly why: string };

type Action = "greet" | "leave" | "mourn";

const catMachine = (): Machine<State, Event, Action> =>
  machine<State, Event, Action>("cat", { kind: "asleep" })
    .any("fail", "failed", (_, { why }) => ({ state: { kind: "failed", why } }))
    .anyIgnore("look")
    .state("asleep", (s) => s.on("wake", "awake", () => ({ state: { kind: "awake", looked: 0 }, actions: ["greet"] })))
    .state("awake", (s) =>
      s
        .on("look", "awake", ({ looked }) => ({ state: { kind: "awake", looked: looked + 1 } }))
        .on("stop", "done", () => ({ actions: ["leave"] })),
    )
    .final("done")
    .final("failed", (s) => s.entry(() => ["mourn"]))
    .buildOrThrow();

const full: StorageFault = { kind: "storage", operation: "write", path: "a disk", cause: "full" };

/** A supervised cat: what it does is given by each test, and what happens is noted in order. */
class Cat implements HandlerSupervised<State, Event, Action> {
  readonly machine: Machine<State, Event, Action> = catMachine();
  readonly happened: string[] = [];
  readonly wake = new Wake();
  readonly channel = new Channel<Event>(8, this.wake);
  readonly shown = new Watched<State>(this.machine.initial);
  policy: (state: State) => ExternalEventPolicy = () => "poll";
  work: (state: State) => EventLoopDirective<Event> | Promise<EventLoopDirective<Event>> = () =>
    this.wake.wait().then(() => ({ kind: "continue" }));
  act: (action: Action) => void | Promise<void> = () => undefined;
  closed: (state: State) => Event | undefined = () => ({ kind: "stop" });
  fails: (cause: unknown) => Event = (cause) => ({ kind: "fail", why: String(cause) });
  hears: () => void | Promise<void> = () => undefined;
  gone = 0;

  dispatch(state: State): EventLoopDirective<Event> | Promise<EventLoopDirective<Event>> {
    return this.work(state);
  }

  perform(action: Action): void | Promise<void> {
    this.happened.push(`${action} in ${this.shown.value.kind}`);
    return this.act(action);
  }

  failure(cause: unknown): Event {
    return this.fails(cause);
  }

  externalEvents(state: State): ExternalEventPolicy {
    return this.policy(state);
  }

  channelClosed(state: State): Event | undefined {
    return this.closed(state);
  }

  recorded(): void | Promise<void> {
    return this.hears();
  }

  abandon(): void {
    this.gone++;
  }

  /** Runs it to its end; gives how it ended, and the transitions on record. */
  async live(tap: LogTapOptions = {}): Promise<{ end: SupervisorEnd<State>; moves: readonly string[] }> {
    const store = memoryStore();
    const log = (await store.create(MANIFEST))._unsafeUnwrap();
    const clock = new ManualClock();
    this.shown.watch(({ kind }) => this.happened.push(`shown ${kind}`));
    const tapped: RunLog = tapLog(log, {
      ...tap,
      after: ({ records }) => {
        for (const record of records) if (record.kind === "transition") this.happened.push(`on record ${record.to}`);
      },
    });
    const end = await supervise({
      supervised: this,
      channel: this.channel,
      state: this.shown,
      writer: new LaneWriter(tapped, SYSTEM_LANE),
      clock,
      turns: new Turns(clock),
    });
    const recorded = await readRun((await store.open(MANIFEST.runId))._unsafeUnwrap());
    const moves = recorded
      .recordsOf("system", "transition")
      .map(({ from, event, to }) => `${from} ${event.kind} ${to}`);
    return { end, moves };
  }
}

const MANIFEST: RunManifest = {
  format: 1,
  runId: testRunId(1),
  flow: "cat",
  createdAtMs: 0,
  durability: "buffered",
  lanes: ["system"],
  types: [],
  topology: {},
  fingerprint: "",
  rootRunId: testRunId(1),
};

const send = (cat: Cat, ...kinds: readonly ("wake" | "look" | "stop" | "odd")[]): void => {
  for (const kind of kinds) expect(cat.channel.send({ kind }).isOk()).toBe(true);
};

describe("the supervision loop", () => {
  it("puts a transition on record, then shows it, then acts", async () => {
    const cat = new Cat();
    send(cat, "wake", "stop");
    const { end, moves } = await cat.live();
    expect(end).toEqual({ kind: "ended", state: { kind: "done" } });
    expect(moves).toEqual(["asleep wake awake", "awake stop done"]);
    expect(cat.happened).toEqual([
      ...["on record awake", "shown awake", "greet in awake"],
      ...["on record done", "shown done", "leave in done"],
    ]);
  });

  it("takes what dispatch decides, with records in the frame of the transition", async () => {
    const cat = new Cat();
    cat.work = (state) =>
      state.kind === "asleep"
        ? { kind: "transition", event: { kind: "wake" }, records: [{ kind: "watermark", eventTimeMs: 5 }] }
        : { kind: "terminate" };
    const frames: string[][] = [];
    const before: LogTapOptions["before"] = ({ records }) => void frames.push(records.map(({ kind }) => kind));
    const { end } = await cat.live({ before });
    expect(frames).toEqual([["watermark", "transition"]]);
    expect(end).toEqual({ kind: "ended", state: { kind: "awake", looked: 0 } });
  });

  it("records and shows nothing for an event that is ignored", async () => {
    const cat = new Cat();
    send(cat, "look", "wake", "stop");
    const { moves } = await cat.live();
    expect(moves).toEqual(["asleep wake awake", "awake stop done"]);
  });

  for (const how of ["throws", "rejects"] as const) {
    const failing = (): Promise<never> => {
      if (how === "throws") throw new Error("no");
      return Promise.reject(new Error("no"));
    };

    it(`takes through the machine what dispatch ${how}`, async () => {
      const cat = new Cat();
      cat.work = failing;
      const { end, moves } = await cat.live();
      expect(end).toEqual({ kind: "ended", state: { kind: "failed", why: "Error: no" } });
      expect(moves).toEqual(["asleep fail failed"]);
    });

    it(`takes through the machine what an action ${how}`, async () => {
      const cat = new Cat();
      send(cat, "wake", "stop");
      cat.act = (action) => (action === "greet" ? failing() : undefined);
      const { end, moves } = await cat.live();
      expect(end.state).toEqual({ kind: "failed", why: "Error: no" });
      expect(moves).toEqual(["asleep wake awake", "awake fail failed"]);
    });

    it(`takes through the machine that a frame could not be passed on, where that ${how}`, async () => {
      const cat = new Cat();
      send(cat, "wake", "stop");
      let heard = 0;
      cat.hears = () => (heard++ === 0 ? failing() : undefined);
      const { end, moves } = await cat.live();
      expect(end.state.kind).toBe("failed");
      expect(moves).toEqual(["asleep wake awake", "awake fail failed"]);
      expect(cat.happened).not.toContain("greet in awake");
    });

    it(`stays in the failed state, on record, when acting on it ${how}`, async () => {
      const cat = new Cat();
      cat.work = () => Promise.reject(new Error("first"));
      cat.act = failing;
      const { end, moves } = await cat.live();
      expect(end).toEqual({ kind: "ended", state: { kind: "failed", why: "Error: first" } });
      expect(moves).toEqual(["asleep fail failed"]);
    });
  }

  it("fails for an event that has no answer", async () => {
    const cat = new Cat();
    send(cat, "odd");
    const { end } = await cat.live();
    expect(end.state.kind).toBe("failed");
  });

  it("gives up, once, when a failure has no answer either", async () => {
    const cat = new Cat();
    cat.fails = () => ({ kind: "odd" });
    cat.work = () => Promise.reject(new Error("first"));
    const { end, moves } = await cat.live();
    expect(end).toMatchObject({ kind: "abandoned", state: { kind: "asleep" } });
    expect(moves).toEqual([]);
    expect(cat.gone).toBe(1);
  });

  it("gives up rather than rejects when a failure cannot even be told", async () => {
    const cat = new Cat();
    cat.fails = () => {
      throw new Error("speechless");
    };
    cat.work = () => Promise.reject(new Error("first"));
    expect((await cat.live()).end).toMatchObject({ kind: "abandoned", cause: { message: "speechless" } });
    expect(cat.gone).toBe(1);
  });

  it("gives up where it is when the log refuses, with nothing shown and nothing done", async () => {
    const cat = new Cat();
    send(cat, "wake");
    const { end, moves } = await cat.live({ before: () => full });
    expect(end).toEqual({ kind: "abandoned", state: { kind: "asleep" }, cause: full });
    expect(moves).toEqual([]);
    expect(cat.happened).toEqual([]);
    expect(cat.gone).toBe(1);
  });

  it("gives up in a final state if others will never hear of it", async () => {
    const cat = new Cat();
    send(cat, "wake", "stop");
    cat.hears = () => {
      if (cat.shown.value.kind === "done") throw new Error("not passed on");
    };
    const { end } = await cat.live();
    expect(end).toMatchObject({ kind: "abandoned", state: { kind: "done" }, cause: { message: "not passed on" } });
  });

  it("blocks on events where the state says so, and does no work meanwhile", async () => {
    const cat = new Cat();
    let worked = 0;
    cat.policy = (state) => (state.kind === "asleep" ? "block" : "poll");
    cat.work = (state) => {
      worked++;
      expect(state.kind).toBe("awake");
      return { kind: "transition", event: { kind: "stop" } };
    };
    const life = cat.live();
    await new ManualClock().idle();
    expect(worked).toBe(0);
    send(cat, "wake");
    expect((await life).end.state.kind).toBe("done");
    expect(worked).toBe(1);
  });

  it("leaves events queued where the state ignores them, and takes them later in the order sent", async () => {
    const cat = new Cat();
    const taken: number[] = [];
    cat.policy = (state) => (state.kind === "asleep" ? "ignore" : "poll");
    cat.work = (state) => {
      if (state.kind === "asleep") return { kind: "transition", event: { kind: "wake" } };
      throw new Error("nothing was queued");
    };
    cat.shown.watch((state) => state.kind === "awake" && taken.push(state.looked));
    send(cat, "look", "look", "stop");
    const { moves } = await cat.live();
    expect(moves).toEqual(["asleep wake awake", "awake look awake", "awake look awake", "awake stop done"]);
    expect(taken).toEqual([0, 1, 2]);
  });

  for (const policy of ["block", "poll"] as const) {
    it(`takes what was sent before the channel was closed, then what its end means, under ${policy}`, async () => {
      const cat = new Cat();
      cat.policy = () => policy;
      send(cat, "wake");
      cat.channel.close();
      const { moves } = await cat.live();
      expect(moves).toEqual(["asleep wake awake", "awake stop done"]);
    });
  }

  it("minds no closed channel where the state ignores it, nor where its end means nothing", async () => {
    const cat = new Cat();
    cat.policy = (state) => (state.kind === "asleep" ? "ignore" : "poll");
    cat.closed = () => undefined;
    cat.work = (state) => ({ kind: "transition", event: { kind: state.kind === "asleep" ? "wake" : "stop" } });
    cat.channel.close();
    const { end } = await cat.live();
    expect(end.state.kind).toBe("done");
  });

  it("shows a state before code that waits for its cause goes on", async () => {
    const cat = new Cat();
    let acted: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (acted = resolve)).then(() => cat.shown.value.kind);
    cat.act = (action) => {
      if (action === "greet") acted();
    };
    send(cat, "wake", "stop");
    await cat.live();
    expect(await waiting).not.toBe("asleep");
  });
});

describe("a channel", () => {
  it("refuses what is more than its limit, and anything once it is closed", () => {
    const channel = new Channel<number>(2, new Wake());
    expect(channel.send(1).isOk()).toBe(true);
    expect(channel.send(2).isOk()).toBe(true);
    expect(channel.send(3)._unsafeUnwrapErr()).toEqual({ kind: "channel-full", limit: 2 });
    expect(channel.take()).toBe(1);
    channel.close();
    expect(channel.send(4)._unsafeUnwrapErr()).toEqual({ kind: "channel-closed" });
    expect(channel.ended).toBe(false);
    expect([channel.take(), channel.take()]).toEqual([2, undefined]);
    expect(channel.ended).toBe(true);
  });

  it("hands over what comes later, and ends those who wait when it is closed", async () => {
    const channel = new Channel<number>(2, new Wake());
    const next = channel.next();
    channel.send(1);
    expect(await next).toBe(1);
    const last = channel.next();
    channel.close();
    expect(await last).toBeUndefined();
  });
});

describe("a wake", () => {
  it("does not lose a signal that comes before the wait, and keeps one at most", async () => {
    const wake = new Wake();
    wake.signal();
    wake.signal();
    await wake.wait();
    let woken = false;
    const waiting = wake.wait().then(() => (woken = true));
    await new ManualClock().idle();
    expect(woken).toBe(false);
    wake.signal();
    await waiting;
    expect(woken).toBe(true);
  });
});

describe("a watched value", () => {
  it("tells watchers in the order in which they came, when and only when it changes", () => {
    const watched = new Watched(1);
    const told: string[] = [];
    watched.watch((value) => told.push(`first ${value}`));
    const leave = watched.watch((value) => told.push(`second ${value}`));
    watched.publish(1);
    watched.publish(2);
    watched.publish(2);
    leave();
    watched.publish(3);
    expect(told).toEqual(["first 2", "second 2", "first 3"]);
  });

  it("tells all of them even if one throws, and then throws that", () => {
    const watched = new Watched(1);
    const told: number[] = [];
    watched.watch(() => {
      throw new Error("mine");
    });
    watched.watch((value) => told.push(value));
    expect(() => watched.publish(2)).toThrow("mine");
    expect(told).toEqual([2]);
    expect(watched.value).toBe(2);
  });
});
