import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow, tapLog, testRunId } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { cuts, flowPlans, plannedFlow } from "../../test/random-flow.ts";
import type { Flow } from "../authoring/flow.ts";
import { Cascade } from "./cascade.ts";
import type { ReplayReport } from "./replay-report.ts";
import type { StageReach } from "./stage-reach.ts";

const RUNS = { seed: 20_260_101, numRuns: 25 };

/** Runs every stage as if it had diverged, on what is on record. */
async function followedAll(described: Flow, store: MemoryStore): Promise<readonly StageReach[]> {
  const { report } = await replayFlow(described, { store, into: 9 });
  expect(report.first).toBeUndefined();
  const all: ReplayReport = { ...report, stages: report.stages.map((stage) => ({ ...stage, diverged: 1 })) };
  const recorded = (await store.open(testRunId(1)))._unsafeUnwrap();
  const definition = described.build()._unsafeUnwrap();
  const host = { clock: new ManualClock(), runtime: "test", refold: "0.0.0" };
  return (await new Cascade({ recorded, definition, host }, all).run())._unsafeUnwrap();
}

/** What is otherwise of a flow that computes what is on record: nothing. Cycles are not followed, nor what they lead to. */
function expectNothing(reach: readonly StageReach[]): void {
  for (const { stage, verdict, inputs, outputs, why } of reach) {
    const none = { changed: 0, missing: 0, extra: 0 };
    expect({ stage, inputs, outputs }).toEqual({ stage, inputs: none, outputs: none });
    if (verdict === "not-followed") expect(why, stage).toMatch(/^it is part of a cycle|^what .* is not known$/);
    else expect(verdict, stage).toBe("unchanged");
  }
}

describe("in every run of every flow, following what has not changed finds nothing otherwise", () => {
  it("where the run has come to its end", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, async (plan, configuration) => {
        const store = memoryStore();
        await runFlow(plannedFlow(plan), { store, configuration });
        expectNothing(await followedAll(plannedFlow(plan), store));
      }),
      RUNS,
    );
  });

  it("where it was stopped at any frame", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, fc.nat(90), fc.boolean(), async (plan, configuration, at, graceful) => {
        const store = memoryStore();
        const run = await FlowRun.open(plannedFlow(plan), {
          store,
          configuration,
          tap: (log) =>
            tapLog(log, {
              before: (_, number) => {
                if (number !== at) return undefined;
                if (graceful) run.handle.stopGraceful({ reason: "enough" });
                else run.handle.stop("enough");
                return undefined;
              },
            }),
        });
        await run.run();
        expectNothing(await followedAll(plannedFlow(plan), store));
      }),
      RUNS,
    );
  });

  it("where it was killed after any frame, and gone on with", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, fc.nat(90), async (plan, configuration, at) => {
        const { recorded } = await runFlow(plannedFlow(plan), { store: memoryStore(), configuration });
        const store = await killedAfter(recorded, 1 + (at % (recorded.frames.length - 1)));
        const run = await FlowRun.resume(plannedFlow(plan), { store });
        expect((await run.run()).status).toBe("completed");
        expectNothing(await followedAll(plannedFlow(plan), store));
      }),
      RUNS,
    );
  });
});
