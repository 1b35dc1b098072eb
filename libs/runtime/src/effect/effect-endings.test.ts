import { describe, expect, it } from "vitest";

import { EffectFailure } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { afterEveryKill, settledIn } from "../../test/every-kill.ts";
import { killedAfter } from "../../test/killed-run.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { CANCEL_GRACE_MS } from "../stage/outside-calls.ts";

/** Calls that end when a test says so. */
class Calls {
  readonly open: {
    readonly n: number;
    readonly end: (value: number) => void;
    readonly signal: { readonly aborted: boolean };
  }[] = [];

  readonly run = async (n: number, { signal }: { readonly signal: { readonly aborted: boolean } }): Promise<number> =>
    new Promise((end) => this.open.push({ n, end, signal }));
}

function calling(calls: Calls): Flow {
  const call = effect({ name: "call", safety: "keyed", run: calls.run });
  return flow("calling", (f) => {
    f.source(
      "items",
      (async function* () {
        yield 1;
        yield 2;
        await new Promise(() => undefined);
      })(),
      { extent: "infinite" },
    )
      .effectful("called", {
        effects: { call },
        handle: async (n, { effects }) => (await effects.call(n)).unwrapOr(undefined),
      })
      .sink("out", () => undefined);
  });
}

async function underWay(): Promise<{
  readonly run: FlowRun;
  readonly calls: Calls;
  readonly store: MemoryStore;
  readonly ended: Promise<{ readonly status: string }>;
}> {
  const calls = new Calls();
  const store = memoryStore();
  const run = await FlowRun.open(calling(calls), { store });
  const ended = run.run();
  await run.clock.idle();
  expect(calls.open.map(({ n, signal }) => [n, signal.aborted])).toEqual([
    [1, false],
    [2, false],
  ]);
  return { run, calls, store, ended };
}

const settled = (recorded: RecordedRun): readonly unknown[] =>
  recorded.recordsOf("called", "effect-settled").map(({ value }) => value);

describe("a stage that is cancelled with calls under way", () => {
  it("tells them, puts what comes within the grace on record, and leaves the others in doubt", async () => {
    const { run, calls, ended } = await underWay();
    run.handle.stop();
    await run.clock.idle();
    expect(calls.open.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(run.handle.isRunning).toBe(true);
    run.clock.advance(CANCEL_GRACE_MS - 1);
    calls.open[0]?.end(10);
    await run.clock.idle();
    run.clock.advance(1);
    expect((await ended).status).toBe("cancelled");
    const recorded = await run.recorded();
    expect(settled(recorded)).toEqual([10]);
    expect(recorded.recordsOf("called", "effect-started").length).toBe(2);
    expect(recorded.recordsOf("called", "consumed")).toEqual([]);
  });

  it("makes the one in doubt again when the run is gone on with, and not the other", async () => {
    const { run, calls, store, ended } = await underWay();
    run.handle.stop();
    calls.open[0]?.end(10);
    await run.clock.idle();
    run.clock.advance(CANCEL_GRACE_MS);
    await ended;
    const again = new Calls();
    const resumed = await FlowRun.resume(calling(again), { store, clock: run.clock });
    const end = resumed.run();
    await resumed.clock.idle();
    // The source begins again, and leaves out what is on record.
    expect(again.open.map(({ n }) => n)).toEqual([2]);
    again.open[0]?.end(20);
    await resumed.clock.idle();
    resumed.handle.stopGraceful();
    await end;
    expect((await resumed.recorded()).payloads("called")).toEqual([10, 20]);
  });
});

it("a stage that is to drain finishes the calls in hand", async () => {
  const { run, calls, store, ended } = await underWay();
  run.handle.stopGraceful();
  await run.clock.idle();
  expect(calls.open.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  for (const { n, end } of [...calls.open].reverse()) end(n * 10);
  await ended;
  const recorded = await run.recorded();
  expect(recorded.payloads("called")).toEqual([10, 20]);
  expect(settled(recorded)).toEqual([20, 10]);
  expect((await replayFlow(calling(calls), { store })).report.verdict).toBe("matched");
});

const SECRET = "hunter2-of-the-client";

/** A client that is counted, with a secret, of an effect that fails as told. */
class Clients {
  made = 0;
  closed = 0;

  flow(handle: "through" | "throw" = "through", secret: string = SECRET): Flow {
    const call = effect({
      name: "call",
      safety: "keyed",
      client: async () => {
        await Promise.resolve();
        this.made++;
        return { secret };
      },
      close: () => void this.closed++,
      run: (n: number, { client }) =>
        client.secret.length > n
          ? n * 2
          : new EffectFailure({ error: "domain", message: "beyond", detail: { limit: client.secret.length } }),
    });
    return flow("clients", (f) => {
      f.source("items", [1, 2, 3])
        .effectful("called", {
          effects: { call },
          handle: async (n, { effects }) => {
            const outcome = await effects.call(n);
            if (handle === "throw") throw new Error("the handler");
            return outcome.unwrapOr(-1);
          },
        })
        .sink("out", () => undefined);
    });
  }
}

describe("a client", () => {
  it("is made once, and closed once, in a run that completes, and never in a replay", async () => {
    const clients = new Clients();
    const store = memoryStore();
    await runFlow(clients.flow(), { store });
    expect(clients).toMatchObject({ made: 1, closed: 1 });
    await replayFlow(clients.flow(), { store });
    expect(clients).toMatchObject({ made: 1, closed: 1 });
  });

  it("is closed once where the stage fails", async () => {
    const clients = new Clients();
    expect((await runFlow(clients.flow("throw"), { store: memoryStore() })).report.status).toBe("failed");
    expect(clients).toMatchObject({ made: 1, closed: 1 });
  });

  it("is closed once where the run is cancelled, after the calls", async () => {
    const order: string[] = [];
    let end = (): void => undefined;
    const call = effect({
      name: "call",
      safety: "keyed",
      client: () => "client",
      close: () => void order.push("closed"),
      run: async () =>
        new Promise<void>((resolve) => {
          end = () => void (order.push("settled"), resolve());
        }),
    });
    const waiting = flow("waiting", (f) => {
      f.source("items", [1])
        .effectful("called", {
          effects: { call },
          handle: async (_, { effects }) => void (await effects.call(undefined)),
        })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(waiting, { store: memoryStore() });
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop();
    await run.clock.idle();
    end();
    expect((await ended).status).toBe("cancelled");
    expect(order).toEqual(["settled", "closed"]);
  });

  it("is not made where every outcome is on record, and once where one is not, wherever the run was killed", async () => {
    const { recorded } = await runFlow(new Clients().flow(), { store: memoryStore() });
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const clients = new Clients();
      const run = await FlowRun.resume(clients.flow(), { store: await killedAfter(recorded, frames) });
      expect((await run.run()).status).toBe("completed");
      const once = settledIn(recorded, frames) < 3 ? 1 : 0;
      expect(clients, `killed after ${frames}`).toMatchObject({ made: once, closed: once });
    }
  });

  it("that cannot be made fails the stage before any call, and the run can be gone on with", async () => {
    const store = memoryStore();
    let isUp = false;
    let calls = 0;
    const call = effect({
      name: "call",
      safety: "at-least-once",
      client: () => {
        if (!isUp) throw new Error("no connection");
        return undefined;
      },
      run: () => void calls++,
    });
    const connecting = flow("connecting", (f) => {
      f.source("items", [1, 2])
        .effectful("called", {
          effects: { call },
          handle: async (_, { effects }) => void (await effects.call(undefined)),
        })
        .sink("out", () => undefined);
    });
    const { report } = await runFlow(connecting, { store });
    expect(report).toMatchObject({ status: "failed", fault: { stage: "called", message: "Error: no connection" } });
    expect(calls).toBe(0);
    isUp = true;
    expect((await (await FlowRun.resume(connecting, { store })).run()).status).toBe("completed");
    expect(calls).toBe(2);
  });

  it("leaves nothing of itself on record", async () => {
    const { recorded } = await runFlow(new Clients().flow(), { store: memoryStore() });
    const bytes = Buffer.concat(recorded.frames.map(({ body }) => body));
    expect(bytes.includes("effect")).toBe(false);
    expect(bytes.includes("called/items")).toBe(true);
    expect(bytes.includes(SECRET)).toBe(false);
    expect(JSON.stringify(recorded.manifest)).not.toContain(SECRET);
  });
});

it("a failure that was foreseen is the same from the record, wherever the run was killed", async () => {
  const make = (): Flow => new Clients().flow("through", "ab");
  const { recorded } = await runFlow(make(), { store: memoryStore() });
  expect(recorded.payloads("called")).toEqual([2, -1, -1]);
  expect(recorded.recordsOf("called", "effect-settled").map(({ outcome, value }) => [outcome, value])).toEqual([
    ["succeeded", 2],
    ["failed", { error: "domain", message: "beyond", detail: { limit: 2 } }],
    ["failed", { error: "domain", message: "beyond", detail: { limit: 2 } }],
  ]);
  for await (const { frames, run, replayed } of afterEveryKill(recorded, make)) {
    expect((await run.recorded()).payloads("called"), `killed after ${frames}`).toEqual([2, -1, -1]);
    expect(replayed.verdict, `killed after ${frames}`).toBe("matched");
  }
});
