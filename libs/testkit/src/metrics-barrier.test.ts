import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { flow, type Flow } from "@refold/runtime";

import { EdgeGate } from "./edge-gate.ts";
import { FlowRun } from "./flow-run.ts";
import { ManualClock } from "./manual-clock.ts";

/** A source that gives an item a second, for ten seconds. */
const ticking = (clock: ManualClock): Flow =>
  flow("ticking", (f) =>
    f
      .source("ticks", async function* () {
        for (let n = 0; n < 10; n++) {
          await new Promise<void>((resolve) => clock.schedule(1_000, resolve));
          yield n;
        }
      })
      .sink("out", () => undefined),
  );

describe("waiting for figures", () => {
  it("lets as much time pass as they need, and no more", async () => {
    const clock = new ManualClock(0);
    const run = await FlowRun.open(ticking(clock), { store: memoryStore(), clock });
    const ended = run.run();
    const figures = await run.untilMetrics(({ stages }) => stages[1]?.in === 4);
    expect(clock.now()).toBe(4_000);
    expect(figures).toMatchObject({ state: "running", durationMs: 4_000, throughput: 1 });
    await run.untilMetrics(({ state }) => state === "drained");
    expect((await ended).status).toBe("completed");
    expect(clock.now()).toBe(10_000);
  });

  it("says why they cannot come to be so", async () => {
    const clock = new ManualClock(0);
    const run = await FlowRun.open(ticking(clock), { store: memoryStore(), clock });
    const fails = (): Promise<unknown> => run.untilMetrics(() => false, { withinMs: 3_500 });
    await expect(fails()).rejects.toThrow("the run is not running");
    const ended = run.run();
    await expect(fails()).rejects.toThrow("3500 ms have passed");
    expect(clock.now()).toBeLessThanOrEqual(3_500);
    run.handle.stop();
    await ended;
    await expect(fails()).rejects.toThrow("the run is not running");
    expect(clock.timers).toBeLessThanOrEqual(1);
  });

  it("goes together with a gate that holds a flow that would never wait", async () => {
    const gate = new EdgeGate({ from: "numbers", to: "out", credit: 100 });
    const endless = flow("endless", (f) =>
      f
        .source("numbers", function* () {
          for (let n = 0; ; n++) yield n;
        })
        .sink("out", () => undefined),
    );
    const run = await FlowRun.open(endless, { store: memoryStore(), gates: [gate] });
    const ended = run.run();
    await run.untilMetrics(({ stages }) => stages[1]?.in === 100);
    gate.grant(11);
    await run.untilMetrics(({ stages }) => stages[1]?.in === 111);
    run.handle.stop();
    expect((await ended).stages[1]?.in).toBe(111);
  });
});
