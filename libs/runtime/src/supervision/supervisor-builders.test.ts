import { describe, expect, it } from "vitest";

import type { LaneId, LogRecord, RunLog, RunManifest, StorageFault } from "@refold/core";
import { machine, type Machine } from "@refold/fsm";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { ManualClock, readRun, tapLog, testRunId } from "@refold/testkit";

import {
  ChannelBuilder,
  HandleBuilder,
  SupervisorTaskBuilder,
  type EventLoopDirective,
  type ExternalEventPolicy,
  type HandlerSupervised,
  type SelfSupervised,
  type SupervisorChannels,
  type SupervisorHandle,
} from "../index.ts";

type State =
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly done: number }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly why: string };

type Event =
  | { readonly kind: "begin" }
  | { readonly kind: "progress" }
  | { readonly kind: "nudge" }
  | { readonly kind: "finish" }
  | { readonly kind: "fail"; readonly why: string };

type Action = "prepare" | "clean-up" | "raise-alarm";

const workerMachine = (): Machine<State, Event, Action> =>
  machine<State, Event, Action>("worker", { kind: "waiting" })
    .any("fail", "failed", (_, { why }) => ({ state: { kind: "failed", why } }))
    .anyIgnore("begin", "progress", "nudge", "finish")
    .state("waiting", (s) =>
      s.on("begin", "running", () => ({ state: { kind: "running", done: 0 }, actions: ["prepare"] })).exhaustive(),
    )
    .state("running", (s) =>
      s
        .stay("progress", ({ done }) => ({ state: { kind: "running", done: done + 1 } }))
        .on("finish", "finished")
        .exhaustive(),
    )
    .final("finished")
    .final("failed", (s) => s.entry(() => ["clean-up", "raise-alarm"]))
    .buildOrThrow();

type Work = (state: State) => EventLoopDirective<Event> | Promise<EventLoopDirective<Event>>;

/** What a test gives a worker to do. */
interface Doing {
  readonly work?: Work;
  readonly act?: (action: Action) => void | Promise<void>;
  readonly hear?: () => void | Promise<void>;
  readonly policy?: (state: State) => ExternalEventPolicy;
  readonly closed?: (state: State) => Event | undefined;
}

const COMPLETION: LogRecord = { kind: "policy", policy: "worker", decision: "completed", detail: undefined };

class Worker implements SelfSupervised<State, Event, Action> {
  readonly machine: Machine<State, Event, Action> = workerMachine();
  readonly acted: Action[] = [];
  dispatched = 0;
  protected readonly doing: Doing;

  constructor(doing: Doing) {
    this.doing = doing;
  }

  dispatch(state: State): EventLoopDirective<Event> | Promise<EventLoopDirective<Event>> {
    this.dispatched++;
    if (state.kind === "waiting") return { kind: "transition", event: { kind: "begin" } };
    return this.doing.work?.(state) ?? { kind: "transition", event: { kind: "finish" } };
  }

  perform(action: Action): void | Promise<void> {
    this.acted.push(action);
    return this.doing.act?.(action);
  }

  failure(cause: unknown): Event {
    return { kind: "fail", why: cause instanceof Error ? cause.message : String(cause) };
  }

  completion(): readonly LogRecord[] {
    return [COMPLETION];
  }

  recorded(): void | Promise<void> {
    return this.doing.hear?.();
  }
}

/** The same, which events from outside move as well. */
class HandledWorker implements HandlerSupervised<State, Event, Action> {
  readonly machine: Machine<State, Event, Action>;
  readonly #worker: Worker;
  readonly #doing: Doing;

  constructor(doing: Doing) {
    this.#worker = new Worker(doing);
    this.#doing = doing;
    this.machine = this.#worker.machine;
  }

  get acted(): readonly Action[] {
    return this.#worker.acted;
  }

  get dispatched(): number {
    return this.#worker.dispatched;
  }

  dispatch = (state: State): EventLoopDirective<Event> | Promise<EventLoopDirective<Event>> =>
    this.#worker.dispatch(state);
  perform = (action: Action): void | Promise<void> => this.#worker.perform(action);
  failure = (cause: unknown): Event => this.#worker.failure(cause);
  completion = (): readonly LogRecord[] => this.#worker.completion();
  recorded = (): void | Promise<void> => this.#worker.recorded();
  externalEvents = (state: State): ExternalEventPolicy => this.#doing.policy?.(state) ?? "poll";
  channelClosed = (state: State): Event | undefined =>
    this.#doing.closed === undefined ? { kind: "fail", why: "closed" } : this.#doing.closed(state);
}

const manifest = (...lanes: readonly string[]): RunManifest => ({
  format: 1,
  runId: testRunId(1),
  flow: "workers",
  createdAtMs: 0,
  durability: "buffered",
  lanes: ["system", ...lanes],
  types: [],
  topology: {},
  fingerprint: "",
  rootRunId: testRunId(1),
});

interface Bench {
  readonly store: MemoryStore;
  readonly log: RunLog;
  readonly clock: ManualClock;
}

const bench = async (...lanes: readonly string[]): Promise<Bench> => {
  const store = memoryStore();
  const log = (await store.create(manifest(...lanes)))._unsafeUnwrap();
  return { store, log, clock: new ManualClock(0) };
};

const spawn = (
  { log, clock }: Bench,
  worker: Worker | HandledWorker,
  channels: SupervisorChannels<Event, State> = new ChannelBuilder<Event, State>({ kind: "waiting" }).build(),
): SupervisorHandle<Event, State> =>
  new HandleBuilder(new SupervisorTaskBuilder({ log, lane: 0 as LaneId, clock }).spawn(worker, channels)).standard();

const recordsOf = async ({ store }: Bench, lane = "system"): Promise<readonly LogRecord[]> =>
  (await readRun((await store.open(testRunId(1)))._unsafeUnwrap())).records(lane);

const movesOf = async (on: Bench): Promise<readonly string[]> =>
  (await recordsOf(on)).flatMap((record) => (record.kind === "transition" ? [`${record.from} → ${record.to}`] : []));

const failing = {
  throws: (): never => {
    throw new Error("no");
  },
  rejects: (): Promise<never> => Promise.reject(new Error("no")),
} as const;

for (const [kind, make] of [
  ["a self-supervised component", (doing: Doing) => new Worker(doing)],
  ["a handler-supervised component", (doing: Doing) => new HandledWorker(doing)],
] as const) {
  describe(kind, () => {
    it("that does well is completed once, on record", async () => {
      const on = await bench();
      const worker = make({});
      const end = await spawn(on, worker).wait();
      expect(end._unsafeUnwrap()).toEqual({ kind: "finished" });
      expect(await movesOf(on)).toEqual(["waiting → running", "running → finished"]);
      expect((await recordsOf(on)).slice(-1)).toEqual([COMPLETION]);
      expect((await recordsOf(on)).filter((record) => record.kind === "policy")).toHaveLength(1);
      expect(worker.acted).toEqual(["prepare"]);
    });

    for (const how of ["throws", "rejects"] as const) {
      for (const [where, doing] of [
        ["dispatch", { work: failing[how] }],
        ["an action", { act: (action) => (action === "prepare" ? failing[how]() : undefined) }],
        ["passing a frame on", { hear: firstTime(failing[how]) }],
        [
          "a failure action as well",
          { work: failing[how], act: (a) => (a === "prepare" ? undefined : failing[how]()) },
        ],
      ] as const satisfies readonly (readonly [string, Doing])[]) {
        it(`fails when ${where} ${how}: on record, cleaned up and completed exactly once`, async () => {
          const on = await bench();
          const worker = make(doing);
          const end = await spawn(on, worker).wait();
          expect(end._unsafeUnwrap()).toEqual({ kind: "failed", why: "no" });
          expect(await movesOf(on)).toEqual(["waiting → running", "running → failed"]);
          const failureActions = worker.acted.filter((action) => action !== "prepare");
          expect(failureActions).toEqual(
            where === "a failure action as well" ? ["clean-up"] : ["clean-up", "raise-alarm"],
          );
          expect((await recordsOf(on)).filter((record) => record.kind === "policy")).toEqual([COMPLETION]);
        });
      }
    }

    it("ends as panicked, not silently, if its failure has no answer", async () => {
      const on = await bench();
      const worker = make({ work: failing.throws });
      worker.failure = () => {
        throw new Error("speechless");
      };
      const end = await spawn(on, worker).wait();
      expect(end._unsafeUnwrapErr()).toMatchObject({ kind: "panicked", cause: { message: "speechless" } });
      expect(await movesOf(on)).toEqual(["waiting → running"]);
    });

    it("ends with the fault of a log that takes nothing more", async () => {
      const on = await bench();
      const full: StorageFault = { kind: "storage", operation: "write", path: "a disk", cause: "full" };
      const log = tapLog(on.log, { before: (_, number) => (number === 1 ? full : undefined) });
      const handle = spawn({ ...on, log }, make({}));
      expect((await handle.wait())._unsafeUnwrapErr()).toEqual({ kind: "log-failed", fault: full });
      expect(handle.state).toEqual({ kind: "running", done: 0 });
      expect(handle.isRunning).toBe(false);
    });

    it("shows each state before any who waited for it goes on, and only what has changed", async () => {
      const on = await bench();
      const onRecord: string[] = [];
      const log = tapLog(on.log, {
        after: ({ records }) => void onRecord.push(...records.flatMap((r) => (r.kind === "transition" ? [r.to] : []))),
      });
      const heard: (readonly [string, string | undefined])[] = [];
      const worker = make({
        work: (state) => ({
          kind: "transition",
          event: { kind: state.kind === "running" && state.done < 2 ? "progress" : "finish" },
        }),
        hear: () => void heard.push([handle.state.kind, onRecord.at(-1)]),
      });
      const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
      const handle = spawn({ ...on, log }, worker, channels);
      const seen: State[] = [];
      for await (const state of handle.states()) {
        seen.push(state);
      }
      expect(heard).toHaveLength(4);
      for (const [shown, recorded] of heard) expect(shown).toBe(recorded);
      expect(seen.map((state) => (state.kind === "running" ? state.done : state.kind))).toEqual([
        ...["waiting", 0, 1, 2, "finished"],
      ]);
      expect(new Set(seen).size).toBe(seen.length);
      expect(handle.state).toBe(seen.at(-1));
    });
  });
}

function firstTime(run: () => void | Promise<void>): () => void | Promise<void> {
  let times = 0;
  return () => (times++ === 0 ? run() : undefined);
}

describe("events from outside", () => {
  for (const policy of ["block", "poll"] as const) {
    it(`end with the event for a closed channel, without the inner work, under ${policy}`, async () => {
      const on = await bench();
      const worker = new HandledWorker({ policy: () => policy });
      const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
      channels.channel.close();
      const handle = spawn(on, worker, channels);
      expect((await handle.wait())._unsafeUnwrap()).toEqual({ kind: "failed", why: "closed" });
      expect(worker.dispatched).toBe(0);
      expect(await movesOf(on)).toEqual(["waiting → failed"]);
    });

    it(`are all delivered before the channel's end is, under ${policy}`, async () => {
      const on = await bench();
      const worker = new HandledWorker({ policy: () => policy, closed: () => ({ kind: "finish" }) });
      const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
      for (const kind of ["begin", "progress", "progress"] as const) channels.channel.send({ kind });
      channels.channel.close();
      await spawn(on, worker, channels).wait();
      expect(worker.dispatched).toBe(0);
      expect(await movesOf(on)).toEqual([
        ...["waiting → running", "running → running", "running → running", "running → finished"],
      ]);
    });
  }

  it("that do not come keep a blocking state waiting, without work and without an end", async () => {
    const on = await bench();
    const worker = new HandledWorker({ policy: ({ kind }) => (kind === "waiting" ? "block" : "poll") });
    const handle = spawn(on, worker);
    await on.clock.idle();
    expect([worker.dispatched, handle.isRunning, on.clock.timers]).toEqual([0, true, 0]);
    handle.send({ kind: "nudge" });
    await on.clock.idle();
    expect([worker.dispatched, handle.state.kind]).toEqual([0, "waiting"]);
    handle.send({ kind: "begin" });
    expect((await handle.wait())._unsafeUnwrap()).toEqual({ kind: "finished" });
  });

  for (const policy of ["block", "poll"] as const) {
    it(`whose end means nothing let ${policy === "block" ? "the component end where it is" : "the work go on"}`, async () => {
      const on = await bench();
      const worker = new HandledWorker({ policy: () => policy, closed: () => undefined });
      const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
      channels.channel.close();
      const end = await spawn(on, worker, channels).wait();
      expect(end._unsafeUnwrap().kind).toBe(policy === "block" ? "waiting" : "finished");
      expect(worker.dispatched).toBe(policy === "block" ? 0 : 2);
    });

    it(`whose end the machine ignores do not keep the loop busy, under ${policy}`, async () => {
      const on = await bench();
      let told = 0;
      const closed = (): Event => (told++, { kind: "nudge" });
      const worker = new HandledWorker({ policy: () => policy, closed });
      const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
      channels.channel.close();
      const end = await spawn(on, worker, channels).wait();
      expect(end._unsafeUnwrap().kind).toBe(policy === "block" ? "waiting" : "finished");
      expect(told).toBe(policy === "block" ? 1 : 2);
    });
  }

  it("that a state ignores are delivered by a later one that polls, without the inner work", async () => {
    const on = await bench();
    const worker = new HandledWorker({
      policy: ({ kind }) => (kind === "waiting" ? "ignore" : "poll"),
      work: failing.throws,
    });
    const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).build();
    channels.channel.send({ kind: "progress" });
    channels.channel.send({ kind: "finish" });
    const handle = spawn(on, worker, channels);
    expect((await handle.wait())._unsafeUnwrap()).toEqual({ kind: "finished" });
    // Once in `waiting`, where the events were left alone.
    expect(worker.dispatched).toBe(1);
    expect(await movesOf(on)).toEqual(["waiting → running", "running → running", "running → finished"]);
  });

  it("are not taken any more by a component that has ended", async () => {
    const on = await bench();
    const handle = spawn(on, new HandledWorker({ policy: () => "ignore" }));
    handle.send({ kind: "fail", why: "too late" });
    await handle.wait();
    expect(handle.send({ kind: "nudge" })._unsafeUnwrapErr()).toEqual({
      kind: "send-failed",
      reason: "closed",
      limit: 100,
    });
    expect(await movesOf(on)).toEqual(["waiting → running", "running → finished"]);
  });
});

describe("a handle", () => {
  const waiting = (): HandledWorker => new HandledWorker({ policy: () => "block", closed: () => undefined });

  it("refuses what is more than the channel holds, and names the limit", async () => {
    const on = await bench();
    const channels = new ChannelBuilder<Event, State>({ kind: "waiting" }).capacity(2).build();
    const handle = spawn(on, waiting(), channels);
    expect([1, 2].map(() => handle.send({ kind: "nudge" }).isOk())).toEqual([true, true]);
    expect(handle.send({ kind: "nudge" })._unsafeUnwrapErr()).toEqual({
      kind: "send-failed",
      reason: "full",
      limit: 2,
    });
    await on.clock.idle();
    expect(handle.send({ kind: "nudge" }).isOk()).toBe(true);
    handle.close();
    await handle.wait();
  });

  it("can be waited for with a timeout, any number of times, and stays usable", async () => {
    const on = await bench();
    const handle = spawn(on, waiting());
    for (const afterMs of [10, 20]) {
      const wait = handle.wait(afterMs);
      on.clock.advance(afterMs);
      expect((await wait)._unsafeUnwrapErr()).toEqual({ kind: "timed-out", afterMs });
      expect(handle.isRunning).toBe(true);
    }
    const wait = handle.wait(1_000);
    for (const kind of ["begin", "finish"] as const) expect(handle.send({ kind }).isOk()).toBe(true);
    expect((await wait)._unsafeUnwrap()).toEqual({ kind: "finished" });
    expect((await handle.wait(5))._unsafeUnwrap()).toEqual({ kind: "finished" });
    expect(handle.isRunning).toBe(false);
    expect(on.clock.timers).toBe(0);
  });

  it("of one's own is made over the standard one", async () => {
    const on = await bench();
    const { log, clock } = on;
    const task = new SupervisorTaskBuilder({ log, lane: 0 as LaneId, clock }).spawn(
      waiting(),
      new ChannelBuilder<Event, State>({ kind: "waiting" }).build(),
    );
    const handle = new HandleBuilder(task).custom((standard) => ({
      begin: () => standard.send({ kind: "begin" }),
      end: () => {
        standard.send({ kind: "finish" });
        return standard.wait();
      },
    }));
    handle.begin();
    expect((await handle.end())._unsafeUnwrap()).toEqual({ kind: "finished" });
  });

  it("gives its states to a reader that leaves early, to one that is slow, and to one that asks for two at once", async () => {
    const on = await bench();
    const handle = spawn(on, waiting());
    const slow = handle.states();
    const eager = handle.states();
    const asked = [eager.next(), eager.next(), eager.next()];
    const early: string[] = [];
    const leaving = (async () => {
      for await (const { kind } of handle.states()) {
        early.push(kind);
        if (kind === "running") break;
      }
    })();
    for (const kind of ["begin", "progress", "finish"] as const) handle.send({ kind });
    await handle.wait();
    await leaving;
    expect(early).toEqual(["waiting", "running"]);
    expect((await Promise.all(asked)).map(({ value }) => (value as State).kind)).toEqual([
      ...["waiting", "running", "running"],
    ]);
    const read: string[] = [];
    for await (const { kind } of slow) read.push(kind);
    expect(read).toEqual(["waiting", "running", "running", "finished"]);
    const late: string[] = [];
    for await (const { kind } of handle.states()) late.push(kind);
    expect(late).toEqual(["finished"]);
    expect(await slow.next()).toEqual({ done: true, value: undefined });
  });

  it("drops the oldest states that a reader leaves unread for too long, and never the last", async () => {
    const on = await bench();
    const handle = spawn(
      on,
      new HandledWorker({
        work: (state) => ({
          kind: "transition",
          event: { kind: state.kind === "running" && state.done < 3_000 ? "progress" : "finish" },
        }),
      }),
    );
    const slow = handle.states();
    await handle.wait();
    const read: State[] = [];
    for await (const state of slow) read.push(state);
    expect(read).toHaveLength(1_024);
    expect(read[0]).toEqual({ kind: "running", done: 3_000 - 1_022 });
    expect(read.at(-1)).toEqual({ kind: "finished" });
  });
});

describe("many supervisors over one log", () => {
  it("each have a lane of their own, in which they are alone and in order", async () => {
    const lanes = Array.from({ length: 12 }, (_, index) => `worker-${index}`);
    const on = await bench(...lanes);
    const { log, clock } = on;
    const handles = lanes.map((_, index) => {
      const worker =
        index % 2 === 0 ? new Worker({ work: counting(index) }) : new HandledWorker({ work: counting(index) });
      const task = new SupervisorTaskBuilder({ log, lane: (index + 1) as LaneId, clock });
      return new HandleBuilder(
        task.spawn<State, Event, Action>(worker, new ChannelBuilder<Event, State>({ kind: "waiting" }).build()),
      ).standard();
    });
    const ends = await Promise.all(handles.map((handle) => handle.wait()));
    for (const [index, end] of ends.entries()) {
      expect(end._unsafeUnwrap().kind).toBe(index % 3 === 0 ? "failed" : "finished");
      const records = await recordsOf(on, lanes[index]);
      expect(records.map(({ kind }) => kind)).toEqual([...Array<string>(index + 2).fill("transition"), "policy"]);
    }
    expect(clock.timers).toBe(0);
  });

  function counting(index: number): Work {
    return (state) => {
      if (state.kind === "running" && state.done < index) return { kind: "transition", event: { kind: "progress" } };
      if (index % 3 === 0) throw new Error("a third of them fail");
      return { kind: "transition", event: { kind: "finish" } };
    };
  }
});
