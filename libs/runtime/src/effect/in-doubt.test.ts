import { describe, expect, it } from "vitest";

import type { EffectSafety } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { Outside } from "../../test/outside.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { retry, timeout } from "../policy/policy-spec.ts";

function acting(outside: Outside, safety: EffectSafety): Flow {
  const act = effect({ name: "act", safety, run: outside.act, find: outside.find });
  return flow("acting", (f) => {
    f.source("amounts", [1, 2, 3])
      .effectful("acted", {
        effects: { act },
        concurrency: 2,
        handle: async (amount, { effects }) => (await effects.act(amount)).unwrapOr(undefined),
      })
      .sink("out", () => undefined);
  });
}

/** A run that was killed between the start of its first call and its outcome, which the outside may or may not have seen. */
async function killedInDoubt(safety: EffectSafety): Promise<{
  readonly store: Awaited<ReturnType<typeof killedAfter>>;
  readonly keys: readonly string[];
}> {
  const { recorded } = await runFlow(acting(new Outside(), safety), { store: memoryStore() });
  const settled = recorded.frames.findIndex(({ records }) => records.some(({ kind }) => kind === "effect-settled"));
  const keys = recorded.frames
    .slice(0, settled)
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === "effect-started" ? [record.key] : []));
  return { store: await killedAfter(recorded, settled), keys };
}

describe("a call in doubt", () => {
  it.each(["idempotent", "keyed", "at-least-once"] as const)(
    "that is %s is made again, with its key",
    async (safety) => {
      const { store, keys } = await killedInDoubt(safety);
      expect(keys.length).toBeGreaterThan(0);
      const outside = new Outside();
      const run = await FlowRun.resume(acting(outside, safety), { store });
      expect((await run.run()).status).toBe("completed");
      expect(outside.calls.slice(0, keys.length).sort()).toEqual([...keys].sort());
      expect(outside.calls.length).toBe(3);
      expect(outside.asked).toEqual([]);
      expect((await replayFlow(acting(outside, safety), { store })).report.verdict).toBe("matched");
    },
  );

  it("is on record each time that it is begun, with how often it was", async () => {
    const lost = new Outside();
    const { store, keys } = await killedInDoubt("keyed");
    const [key] = keys;
    // The second process dies in the midst of its call as well.
    lost.act = () => new Promise(() => undefined);
    const second = await FlowRun.resume(acting(lost, "keyed"), { store });
    void second.run();
    await second.clock.idle();
    const third = await killedAfter(await second.recorded(), (await second.recorded()).frames.length);
    const run = await FlowRun.resume(acting(new Outside(), "keyed"), { store: third });
    expect((await run.run()).status).toBe("completed");
    const begun = (await run.recorded()).recordsOf("acted", "effect-started").filter((started) => started.key === key);
    expect(begun.map(({ attempt }) => attempt)).toEqual([undefined, 2, 3]);
    const [first] = begun;
    expect(begun).toEqual([first, { ...first, attempt: 2 }, { ...first, attempt: 3 }]);
    expect((await replayFlow(acting(new Outside(), "keyed"), { store: third })).report).toMatchObject({
      verdict: "matched",
      uncertified: [],
    });
  });

  it("that is transactional is not made again if the outside has it", async () => {
    const { store, keys } = await killedInDoubt("transactional");
    const outside = new Outside();
    for (const key of keys) outside.effects.set(key, 1);
    const run = await FlowRun.resume(acting(outside, "transactional"), { store });
    expect((await run.run()).status).toBe("completed");
    expect(outside.asked).toEqual(keys);
    expect([...outside.effects.values()]).toEqual([1, 1, 1]);
    expect((await run.recorded()).payloads("acted").slice(0, keys.length)).toEqual(keys.map(() => ({ acted: -1 })));
    expect((await replayFlow(acting(outside, "transactional"), { store })).report.verdict).toBe("matched");
  });

  it("that is transactional is made if the outside has it not", async () => {
    const { store, keys } = await killedInDoubt("transactional");
    const outside = new Outside();
    const run = await FlowRun.resume(acting(outside, "transactional"), { store });
    expect((await run.run()).status).toBe("completed");
    expect(outside.asked).toEqual(keys);
    expect(outside.calls.length).toBe(3);
  });

  it("that is transactional stays in doubt where nobody can tell, and fails its stage", async () => {
    const { store } = await killedInDoubt("transactional");
    const silent = new Outside();
    silent.find = async () => Promise.reject(new Error("no answer"));
    const run = await FlowRun.resume(acting(silent, "transactional"), { store });
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { code: "effect-in-doubt", input: "amounts:3" } });
    expect(silent.calls).toEqual([]);
    const outside = new Outside();
    const again = await FlowRun.resume(acting(outside, "transactional"), { store });
    expect((await again.run()).status).toBe("completed");
    expect((await replayFlow(acting(outside, "transactional"), { store })).report.verdict).toBe("matched");
  });

  it("is asked for before a further attempt of a transactional call, whose first one took too long", async () => {
    const outside = new Outside();
    const store = memoryStore();
    const slow = effect({
      name: "act",
      safety: "transactional",
      find: outside.find,
      run: async (amount: number, call) => {
        const acted = await outside.act(amount, call);
        // It took effect, and its answer is lost.
        return new Promise<typeof acted>(() => undefined);
      },
      policies: [timeout(100), retry({ attempts: 3, delayMs: 10 })],
    });
    const losing = flow("losing", (f) => {
      f.source("amounts", [1])
        .effectful("acted", {
          effects: { slow },
          handle: async (amount, { effects }) => (await effects.slow(amount)).unwrapOr(undefined),
        })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(losing, { store });
    const report = run.run();
    for (let i = 0; i < 5; i++) {
      await run.clock.idle();
      run.clock.advance(60);
    }
    expect((await report).status).toBe("completed");
    expect([...outside.effects.values()]).toEqual([1]);
    expect((await run.recorded()).payloads("acted")).toEqual([{ acted: -1 }]);
  });
});

describe("before a call is made", () => {
  const begun = async (safety: EffectSafety): Promise<{ readonly before: number; readonly after: number }> => {
    const outside = new Outside();
    const store = memoryStore({ holdSafety: true });
    const run = await FlowRun.open(acting(outside, safety), { store, durability: "durable" });
    const ended = run.run();
    await run.clock.idle();
    const before = outside.calls.length;
    expect((await run.recorded()).recordsOf("acted", "effect-started").length).toBe(2);
    // Of the third input, that its call was begun came later.
    store.release();
    await run.clock.idle();
    const after = outside.calls.length;
    while (run.handle.isRunning) {
      store.release();
      await run.clock.idle();
    }
    expect((await ended).status).toBe("completed");
    return { before, after };
  };

  it.each(["idempotent", "keyed", "at-least-once", "transactional"] as const)(
    "that is %s, its input is safe",
    async (safety) => {
      expect(await begun(safety)).toEqual({ before: 0, after: safety === "idempotent" ? 3 : 2 });
    },
  );

  it.each([
    ["idempotent", true],
    ["keyed", false],
    ["at-least-once", false],
    ["transactional", false],
  ] as const)("that is %s, that it was begun need not be safe: %s", async (safety, isMade) => {
    const outside = new Outside();
    const store = memoryStore({ holdSafety: true });
    const flow = acting(outside, safety);
    // The inputs are safe from a run before; what is begun from here on is not.
    const { recorded } = await runFlow(flow, { store: memoryStore() });
    const started = recorded.frames.findIndex(({ records }) => records.some(({ kind }) => kind === "effect-started"));
    outside.calls.length = 0;
    const log = (await store.create(recorded.manifest))._unsafeUnwrap();
    for (const { lane, timeMs, firstSeq, records } of recorded.frames.slice(0, started)) {
      log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
    }
    store.release();
    store.crash();
    const run = await FlowRun.resume(flow, { store });
    const ended = run.run();
    await run.clock.idle();
    expect(outside.calls.length > 0).toBe(isMade);
    while (run.handle.isRunning) {
      store.release();
      await run.clock.idle();
    }
    expect((await ended).status).toBe("completed");
    expect(outside.calls.length).toBe(3);
  });

  it("that is idempotent, and follows from an outcome, that outcome is safe", async () => {
    const outside = new Outside();
    const store = memoryStore({ holdSafety: true });
    const act = effect({ name: "act", safety: "idempotent", run: outside.act });
    const following = flow("following", (f) => {
      f.source("amounts", [1])
        .effectful("acted", {
          effects: { act },
          handle: async (amount, { effects }) => {
            const first = (await effects.act(amount)).unwrapOr({ acted: 0 });
            return (await effects.act(first.acted + 1)).unwrapOr(undefined);
          },
        })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(following, { store, durability: "durable" });
    const ended = run.run();
    await run.clock.idle();
    store.release();
    await run.clock.idle();
    expect(outside.calls.length).toBe(1);
    store.release();
    await run.clock.idle();
    expect(outside.calls.length).toBe(2);
    while (run.handle.isRunning) {
      store.release();
      await run.clock.idle();
    }
    expect((await ended).status).toBe("completed");
  });
});
