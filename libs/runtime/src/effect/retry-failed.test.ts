import { describe, expect, it } from "vitest";

import { EffectFailure, type EffectCall, type EffectSafety } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, readRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { killedAfter, SnapshotsTaken } from "../../test/killed-run.ts";
import { Outside } from "../../test/outside.ts";
import { effect } from "../authoring/effect.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import type { RunReport } from "../run-report.ts";

/** An outside that refuses some amounts, and notes by amount what was called. */
class Refusing extends Outside {
  readonly amounts: number[] = [];
  readonly refused: ReadonlySet<number>;

  constructor(...refused: readonly number[]) {
    super();
    this.refused = new Set(refused);
  }

  call = async (amount: number, call: Pick<EffectCall<unknown>, "key">): Promise<number | EffectFailure<undefined>> => {
    this.amounts.push(amount);
    if (!this.refused.has(amount)) return (await this.act(amount, call)).acted;
    this.calls.push(call.key);
    return new EffectFailure({ error: "remote", message: `no ${amount}`, detail: undefined });
  };
}

type Act = (amount: number) => Promise<number>;

/** A flow that acts on three amounts, as its handler says; `act` throws where the outside refuses, `attempt` gives 0. */
function acting(
  outside: Refusing,
  handle: (amount: number, calls: { readonly act: Act; readonly attempt: Act }) => Promise<number>,
  safety: EffectSafety = "keyed",
): Flow {
  const declared = effect({ name: "act", safety, run: outside.call, find: outside.find as never });
  return flow("acting", (f) =>
    f
      .source("amounts", [1, 2, 3])
      .effectful("acted", {
        effects: { act: declared },
        handle: (amount, { effects }) =>
          handle(amount, {
            act: async (of) => {
              const acted = await effects.act(of);
              if (acted.isErr()) throw new Error(acted.error.message);
              return acted.value;
            },
            attempt: async (of) => (await effects.act(of)).unwrapOr(0),
          }),
      })
      .sink("out", () => undefined),
  );
}

/** Runs a flow with an outside that refuses, then resumes it with one that does not. */
async function retried(
  handle: Parameters<typeof acting>[1],
  refused: readonly number[],
  { safety, meanwhile }: { readonly safety?: EffectSafety; readonly meanwhile?: (outside: Refusing) => void } = {},
): Promise<{
  readonly failed: RunReport;
  readonly before: Refusing;
  readonly after: Refusing;
  readonly report: RunReport;
  readonly recorded: RecordedRun;
}> {
  const store = memoryStore();
  const before = new Refusing(...refused);
  const { report: failed, recorded: first } = await runFlow(acting(before, handle, safety), { store });
  const after = new Refusing();
  for (const [key, times] of before.effects) after.effects.set(key, times);
  meanwhile?.(after);
  const run = await FlowRun.resume(acting(after, handle, safety), { store, retryFailed: true });
  const report = await run.run();
  const recorded = await run.recorded();
  await verifies(acting(new Refusing(), handle, safety), store);
  for (const frame of first.frames.slice(0, 3)) expect(recorded.frames).toContainEqual(frame);
  return { failed, before, after, report, recorded };
}

async function verifies(described: Flow, store: MemoryStore): Promise<void> {
  const { report } = await replayFlow(described, { store });
  expect(report).toMatchObject({ verdict: "matched", first: undefined, uncertified: [] });
}

const attemptsOf = (recorded: RecordedRun): readonly (number | undefined)[] =>
  recorded.recordsOf("acted", "effect-started").map(({ attempt }) => attempt);

describe("a failure on record that a run has failed on", () => {
  it("fails the run again when that is resumed, with no call made, unless it is to be tried again", async () => {
    const store = memoryStore();
    const { report } = await runFlow(
      acting(new Refusing(2), (n, { act }) => act(n)),
      { store },
    );
    expect(report).toMatchObject({ status: "failed", fault: { stage: "acted", message: "Error: no 2" } });
    const outside = new Refusing();
    const described = acting(outside, (n, { act }) => act(n));
    const again = await (await FlowRun.resume(described, { store })).run();
    expect(again).toMatchObject({ status: "failed", fault: { stage: "acted", message: "Error: no 2" } });
    expect(outside.amounts).toEqual([]);
    const run = await FlowRun.resume(described, { store, retryFailed: true });
    expect((await run.run()).status).toBe("completed");
    expect(outside.amounts).toEqual([2]);
    const recorded = await run.recorded();
    expect(recorded.payloads("acted")).toEqual([1, 2, 3]);
    expect(recorded.recordsOf("system", "epoch").map(({ retryFailed }) => retryFailed)).toEqual([
      undefined,
      undefined,
      true,
    ]);
    expect(attemptsOf(recorded)).toEqual([undefined, undefined, undefined, 2]);
    await verifies(described, store);
  });

  it("is tried again for all the inputs that were in hand, with the keys that their calls had", async () => {
    const { failed, before, after, report, recorded } = await retried((n, { act }) => act(n), [1, 2, 3]);
    expect(failed.status).toBe("failed");
    expect(report.status).toBe("completed");
    expect(after.calls).toEqual(before.calls);
    expect(recorded.payloads("acted")).toEqual([1, 2, 3]);
  });

  it("stays where the handler dealt with it by another call, though that one ended it", async () => {
    const { before, after, report, recorded } = await retried(
      async (n, { act, attempt }) => (await attempt(n)) || (await act(10 * n)),
      [1, 2, 20],
    );
    expect(before.amounts.sort((a, b) => a - b)).toEqual([1, 2, 3, 10, 20]);
    expect(after.amounts).toEqual([20]);
    expect(report.status).toBe("completed");
    expect(recorded.payloads("acted")).toEqual([10, 20, 3]);
  });

  it("stays where the handler dealt with it as a value, and another input ended the stage", async () => {
    const { after, recorded } = await retried((n, { act, attempt }) => (n === 3 ? act(n) : attempt(n)), [1, 3]);
    expect(after.amounts).toEqual([3]);
    expect(recorded.payloads("acted")).toEqual([0, 2, 3]);
  });

  it("is tried again of several calls that were under way at once, and what came of the others stays", async () => {
    const together = async (n: number, { act }: { readonly act: Act }): Promise<number> => {
      const [first, second, third] = await Promise.all([act(n), act(10 * n), act(100 * n)]);
      return first + second + third;
    };
    const { before, after, report, recorded } = await retried(together, [10, 100]);
    expect(before.amounts).toHaveLength(9);
    expect(after.amounts).toEqual([10, 100]);
    expect(report.status).toBe("completed");
    expect(recorded.payloads("acted")).toEqual([111, 222, 333]);
  });

  it("is tried again where a call that went on beside it leads to another one", async () => {
    const beside = async (n: number, { act }: { readonly act: Act }): Promise<number> => {
      const [first, second] = await Promise.all([act(n), act(10 * n).then((acted) => act(10 * acted))]);
      return first + second;
    };
    const { after, report, recorded } = await retried(beside, [2]);
    // What the first handler would have called next, it no longer did when it had thrown.
    expect(after.amounts).toEqual([2, 200]);
    expect(report.status).toBe("completed");
    expect(recorded.payloads("acted")).toEqual([101, 202, 303]);
  });

  it("is looked up first where the call is transactional, and not made if it took effect after all", async () => {
    const store = memoryStore();
    const before = new Refusing(2);
    await runFlow(
      acting(before, (n, { act }) => act(n), "transactional"),
      { store },
    );
    const after = new Refusing();
    const [key = ""] = before.calls.filter((called) => !before.effects.has(called));
    after.effects.set(key, 1);
    after.find = (async (asked: string) => {
      after.asked.push(asked);
      return 22;
    }) as never;
    const described = acting(after, (n, { act }) => act(n), "transactional");
    const run = await FlowRun.resume(described, { store, retryFailed: true });
    expect((await run.run()).status).toBe("completed");
    expect(after.asked).toEqual([key]);
    expect(after.calls).toEqual([]);
    expect((await run.recorded()).payloads("acted")).toEqual([1, 22, 3]);
  });

  it("fails the run again where the outside still refuses, and can be tried as often as one likes", async () => {
    const store = memoryStore();
    const described = (outside: Refusing): Flow => acting(outside, (n, { act }) => act(n));
    await runFlow(described(new Refusing(2)), { store });
    for (let time = 2; time < 5; time++) {
      const outside = new Refusing(2);
      const run = await FlowRun.resume(described(outside), { store, retryFailed: true });
      expect((await run.run()).status).toBe("failed");
      expect(outside.amounts).toEqual([2]);
      expect(attemptsOf(await run.recorded()).at(-1)).toBe(time);
    }
    const run = await FlowRun.resume(described(new Refusing()), { store, retryFailed: true });
    expect((await run.run()).status).toBe("completed");
    await verifies(described(new Refusing()), store);
  });

  it("is tried again of a capture as well", async () => {
    const store = memoryStore();
    let isDown = true;
    const capturing = flow("capturing", (f) =>
      f
        .source("items", ["a"])
        .effectful("captured", {
          effects: {},
          handle: async (item, { capture }) => {
            const stamp = await capture("stamp", () => {
              if (isDown) throw new Error("down");
              return 7;
            });
            return `${item}${stamp}`;
          },
        })
        .sink("out", () => undefined),
    );
    expect((await runFlow(capturing, { store })).report.status).toBe("failed");
    isDown = false;
    expect((await (await FlowRun.resume(capturing, { store })).run()).status).toBe("failed");
    const run = await FlowRun.resume(capturing, { store, retryFailed: true });
    expect((await run.run()).status).toBe("completed");
    expect((await run.recorded()).payloads("captured")).toEqual(["a7"]);
    await verifies(capturing, store);
  });

  it("leaves nothing of what its handler did to its state or its input before it threw", async () => {
    const described = (outside: Refusing): Flow => {
      const act = effect({ name: "act", safety: "keyed", run: outside.call });
      return flow("spoiling", (f) =>
        f
          .source(
            "orders",
            [1, 2, 3].map((n) => ({ n, seen: [] as string[] })),
          )
          .statefulEffects("summed", {
            effects: { act },
            initial: () => ({ sums: [] as number[] }),
            handle: async (state, order, { effects }) => {
              order.seen.push("here");
              state.sums.push(order.n);
              const acted = await effects.act(order.n);
              if (acted.isErr()) throw new Error(acted.error.message);
              return { state, outputs: [`${state.sums.join("+")} ${order.seen.join(" ")}`] };
            },
          })
          .sink("out", () => undefined),
      );
    };
    const store = memoryStore();
    expect((await runFlow(described(new Refusing(2)), { store })).report.status).toBe("failed");
    const run = await FlowRun.resume(described(new Refusing()), { store, retryFailed: true });
    expect((await run.run()).status).toBe("completed");
    expect((await run.recorded()).payloads("summed")).toEqual(["1 here", "1+2 here", "1+2+3 here"]);
    await verifies(described(new Refusing()), store);
  });
});

/** Resumes a run until it is completed, each time with another outside; gives the last. */
async function completed(
  store: MemoryStore,
  handle: Parameters<typeof acting>[1],
  outsides: readonly Refusing[],
): Promise<FlowRun> {
  for (const outside of outsides) {
    const run = await FlowRun.resume(acting(outside, handle), { store, retryFailed: true });
    if ((await run.run()).status === "completed") return run;
  }
  throw new Error("it is never completed");
}

/** A clock that goes on with every look at it, so that snapshots come due. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

it("a failure is tried again from a snapshot as well, wherever the run was killed", async () => {
  const described = (...refused: readonly number[]): Flow => {
    const act = effect({ name: "act", safety: "keyed", run: new Refusing(...refused).call });
    return flow("summing", (f) =>
      f
        .source(
          "amounts",
          Array.from({ length: 20 }, (_, n) => n),
        )
        .statefulEffects("summed", {
          effects: { act },
          initial: () => 0,
          handle: async (sum, amount, { effects }) => {
            const acted = await effects.act(amount);
            if (acted.isErr()) throw new Error(acted.error.message);
            return { state: sum + acted.value, outputs: [sum + acted.value] };
          },
        })
        .sink("out", () => undefined),
    );
  };
  const configuration = {
    flow: { "snapshots.everyMs": 10, "stage.stepInputs": 1, "sink.batchInputs": 1 },
  } as const;
  const snapshots = new SnapshotsTaken();
  const store = memoryStore();
  const first = await FlowRun.open(described(15), {
    store,
    configuration,
    clock: new TickingClock(),
    tap: (log) => snapshots.follow(log, 0),
  });
  expect((await first.run()).status).toBe("failed");
  const failed = await first.recorded();
  for (let frames = failed.frames.length; frames > failed.frames.length - 40; frames--) {
    const killed = await killedAfter(failed, frames, snapshots.upTo(frames));
    const run = await FlowRun.resume(described(), {
      store: killed,
      clock: new TickingClock(),
      retryFailed: true,
      tap: (log) => snapshots.follow(log, frames),
    });
    expect((await run.run()).status, `killed after ${frames} frames`).toBe("completed");
    expect((await run.recorded()).payloads("summed")).toHaveLength(20);
    await verifies(described(), killed);
  }
  expect(snapshots.begunWith).toBeGreaterThan(10);
});

describe("a run that was killed at any frame, before it failed or after it was tried again", () => {
  const handlers: Readonly<Record<string, Parameters<typeof acting>[1]>> = {
    "one call for each input": (n, { act }) => act(n),
    "several calls, at once and one after the other": async (n, { act, attempt }) => {
      const [first, second] = await Promise.all([attempt(n), act(10 * n)]);
      return first + second + (await act(100 * n));
    },
  };
  for (const [what, handle] of Object.entries(handlers)) {
    it(`is completed when the failures of ${what} are tried again, and verified`, async () => {
      const refused = [1, 2, 20, 300];
      const store = memoryStore();
      const { report } = await runFlow(acting(new Refusing(...refused), handle), { store });
      expect(report.status).toBe("failed");
      const outsides = (): readonly Refusing[] => [new Refusing(2, 300), new Refusing(300), new Refusing()];
      const whole = await (await completed(store, handle, outsides())).recorded();
      for (let frames = 1; frames < whole.frames.length; frames++) {
        const killed = await killedAfter(whole, frames);
        // A process that tries nothing again may come in between.
        const between = await FlowRun.resume(acting(new Refusing(2, 300), handle), { store: killed });
        if ((await between.run()).status !== "completed") await completed(killed, handle, outsides());
        const last = await killed.open(whole.manifest.runId);
        expect((await readRun(last._unsafeUnwrap())).recordsOf("system", "seal").at(-1)?.status).toBe("completed");
        await verifies(acting(new Refusing(), handle), killed);
      }
    });
  }
});
