import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { RunLog } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, tapLog, testRunId } from "@refold/testkit";

import { cuts, flowPlans, plannedFlow, type Delivered, type FlowPlan } from "../../test/random-flow.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";
import type { Configuration } from "../config/configuration.ts";
import { replayRun } from "../replay/replay-run.ts";
import type { ReplayReport } from "../replay/replay-report.ts";

const RUNS = { seed: 20_260_104, numRuns: 60 };

/** A clock that goes on with every look at it. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

/** Flows of few stages through which many items go, so that there is something to let go of. */
const longPlans: fc.Arbitrary<FlowPlan> = flowPlans.map(({ sources, stages, ...plan }) => ({
  ...plan,
  sources: sources.map(({ items, ...source }) => ({
    ...source,
    items: Array.from({ length: 200 }, (_, n) => items[n % items.length] ?? n),
  })),
  stages: stages.slice(0, 2),
}));

interface Outcome {
  readonly store: MemoryStore;
  readonly delivered: readonly Delivered[];
  /** The first frame that was there when the run was killed. */
  readonly first: number;
}

/** Runs a flow, kills it at a frame, and goes on to its end. */
async function killedOnce(plan: FlowPlan, configuration: Configuration, at: number): Promise<Outcome> {
  const store = memoryStore();
  const delivered: readonly [Delivered, Delivered] = [new Map(), new Map()];
  let first = 0;
  const tap = (log: RunLog): RunLog =>
    tapLog(log, {
      after: (_, number) => {
        if (number !== at) return;
        first = log.first;
        store.crash();
      },
    });
  const killed = await FlowRun.open(plannedFlow(plan, delivered[0]), {
    store,
    clock: new TickingClock(),
    configuration,
    tap,
  });
  const { status } = await killed.run();
  if (status !== "completed") {
    const resumed = await FlowRun.resume(plannedFlow(plan, delivered[1]), { store, clock: new TickingClock() });
    expect(await resumed.run()).toMatchObject({ status: "completed" });
  }
  return { store, delivered, first };
}

async function verified(store: MemoryStore, plan: FlowPlan): Promise<ReplayReport> {
  const recorded = (await store.open(testRunId(1)))._unsafeUnwrap();
  const definition = plannedFlow(plan).build()._unsafeUnwrap();
  const host = { clock: new ManualClock(), runtime: "test", refold: "0.0.0" };
  return (await replayRun({ recorded, definition, host }))._unsafeUnwrap();
}

describe("a run that lets go of its beginning", () => {
  it("goes on after a kill as one that keeps it does, and what is left of it verifies", async () => {
    let letGo = 0;
    await fc.assert(
      fc.asyncProperty(longPlans, cuts, fc.integer({ min: 100, max: 1000 }), async (plan, { flow: settings }, at) => {
        const flow = { ...settings, "snapshots.everyMs": 10 };
        const whole = await killedOnce(plan, { flow }, at);
        const dropped = await killedOnce(plan, { flow: { ...flow, "retention.mode": "drop" } }, at);
        if (dropped.first > 0) letGo++;
        expect(dropped.delivered).toEqual(whole.delivered);
        const report = await verified(dropped.store, plan);
        expect(report.first).toBeUndefined();
        expect(report.verdict).toBe(
          (await dropped.store.open(testRunId(1)))._unsafeUnwrap().first > 0 ? "uncertified" : "matched",
        );
      }),
      RUNS,
    );
    expect(letGo).toBeGreaterThan(RUNS.numRuns / 6);
  });

  it("goes on by force with other code, and is not lost where that is killed when it has taken one snapshot", async () => {
    const counting = (by: number): Flow =>
      flow("counting", (f) =>
        f
          .source(
            "numbers",
            Array.from({ length: 3000 }, (_, n) => n),
          )
          .stateful("sum", {
            initial: () => 0,
            fold: by === 1 ? (sum) => sum + 1 : (sum) => 2 + sum,
            project: (sum) => [sum],
            emit: onEnd(),
          })
          .sink("out", () => undefined),
      );
    const configuration = {
      flow: { "snapshots.everyMs": 10, "retention.mode": "drop", "stage.stepInputs": 2 },
    } as const;
    const store = memoryStore();
    const crashAt = (frame: number) => (log: RunLog) =>
      tapLog(log, { after: (_, number) => (number === frame ? store.crash() : undefined) });
    const clock = (): TickingClock => new TickingClock();
    await (await FlowRun.open(counting(1), { store, clock: clock(), configuration, tap: crashAt(900) })).run();
    expect((await store.open(testRunId(1)))._unsafeUnwrap().first).toBeGreaterThan(0);
    await expect(FlowRun.resume(counting(2), { store, clock: clock() })).rejects.toThrow("no-snapshots");
    let kept = 0;
    const crashAtSnapshot = (log: RunLog): RunLog =>
      Object.assign(tapLog(log, {}), {
        keepSnapshot: async (body: Uint8Array) => {
          const keeping = await log.keepSnapshot(body);
          if (++kept === 1) store.crash();
          return keeping;
        },
      });
    await (await FlowRun.resume(counting(2), { store, clock: clock(), force: true, tap: crashAtSnapshot })).run();
    expect(kept).toBeGreaterThan(0);
    const run = await FlowRun.resume(counting(2), { store, clock: clock() });
    expect(await run.run()).toMatchObject({ status: "completed" });
  });
});
