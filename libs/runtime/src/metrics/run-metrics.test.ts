import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { endsInputs, type MetricsExporter, type MetricsSnapshot } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, type FlowRunOptions } from "@refold/testkit";

import { inputsRead } from "../../test/inputs-read.ts";
import { cuts, flowPlans, plannedFlow } from "../../test/random-flow.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { inputsOf } from "../definition/flow-definition.ts";
import { EXPORT_TIMEOUT_MS } from "./metrics-aggregator.ts";

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** Keeps what it is given. */
class Kept implements MetricsExporter {
  readonly snapshots: MetricsSnapshot[] = [];
  closed = 0;

  export(snapshot: MetricsSnapshot): void {
    this.snapshots.push(snapshot);
  }

  close(): void {
    this.closed++;
  }
}

/** A source that gives an item a second, `items` in all, and then ends. */
const ticking = (clock: ManualClock, items: number): Flow =>
  flow("ticking", (f) =>
    f
      .source("ticks", async function* () {
        for (let n = 0; n < items; n++) {
          await new Promise<void>((resolve) => clock.schedule(1_000, resolve));
          yield n;
        }
      })
      .sink("out", () => undefined),
  );

/** Runs it second by second to its end. */
async function ticked(items: number, options: Partial<FlowRunOptions>): Promise<FlowRun> {
  const clock = new ManualClock(0);
  const run = await FlowRun.open(ticking(clock, items), { store: memoryStore(), clock, ...options });
  const ended = run.run();
  for (let second = 0; second < items; second++) {
    await clock.idle();
    clock.advance(1_000);
    await clock.idle();
  }
  // An exporter that hangs is waited for, twice at the most: the last time from time to time, and in the end.
  for (let waited = 0; waited < 2 * EXPORT_TIMEOUT_MS && run.handle.isRunning; waited += 1_000) {
    clock.advance(1_000);
    await clock.idle();
  }
  expect((await ended).status).toBe("completed");
  expect(clock.timers).toBe(0);
  return run;
}

describe("the final figures", () => {
  it("are what the record amounts to, of every flow", async () => {
    await fc.assert(
      fc.asyncProperty(flowPlans, cuts, async (plan, configuration) => {
        const kept = new Kept();
        const run = await FlowRun.open(plannedFlow(plan), {
          store: memoryStore(),
          configuration,
          exporters: [kept],
        });
        const { report, metrics } = await run.handle.runWithMetrics();
        const recorded = await run.recorded();
        let delivered = 0;
        let ofSources = 0;
        for (const stage of run.definition.stages) {
          const { name, kind } = stage;
          const inputs = inputsOf(stage).flatMap((input) => inputsRead(recorded, input));
          const given = recorded.payloads(name).length;
          const taken = inputs.length;
          const figures = metrics.stages.find((one) => one.stage === name);
          expect(figures).toMatchObject({
            kind,
            state: "drained",
            in: kind === "source" ? given : taken,
            out: given,
            accumulated: kind === "stateful" ? taken : 0,
            emitted: kind === "stateful" ? given : 0,
            inFlight: 0,
            queued: 0,
          });
          if (kind !== "sink") continue;
          delivered += taken;
          expect(
            sum(
              recorded
                .recordsOf(name, "receipt")
                .filter(endsInputs)
                .map(({ count }) => count),
            ),
          ).toBe(taken);
          for (const { originLane } of inputs) {
            if (run.definition.stages[originLane - 1]?.kind === "source") ofSources++;
          }
        }
        expect(sum(metrics.stages.map((one) => (one.kind === "sink" ? one.in : 0)))).toBe(delivered);
        expect(metrics.latencyMs.count).toBe(ofSources);
        expect(metrics.log).toMatchObject({
          frames: recorded.frames.length,
          bytes: sum(recorded.frames.map(({ body }) => body.length)),
        });
        for (const edge of metrics.edges) expect(edge).toMatchObject({ lag: 0, creditRecords: edge.windowRecords });
        expect(metrics.state).toBe("drained");
        expect(report.stages.map((one) => one.out)).toEqual(metrics.stages.map((one) => one.out));
        expect(kept.snapshots).toEqual([metrics]);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it("stay what they were, however much time passes", async () => {
    const run = await ticked(3, {});
    const figures = run.handle.metrics();
    expect(figures).toMatchObject({ durationMs: 3_000, throughput: 1, atMs: 3_000 });
    run.clock.advance(50_000);
    expect(run.handle.metrics()).toBe(figures);
    expect(run.handle.renderMetrics()).toContain("ticking");
  });

  it("are there of a run that failed or was cancelled, too", async () => {
    for (const end of ["failed", "cancelled"] as const) {
      const kept = new Kept();
      const run = await FlowRun.open(
        flow("ending", (f) =>
          f.source("numbers", [1, 2]).sink("out", () => {
            if (end === "failed") throw new Error("no");
            run.handle.stop();
          }),
        ),
        { store: memoryStore(), exporters: [kept] },
      );
      const { report, metrics } = await run.handle.runWithMetrics();
      expect([report.status, metrics.state]).toEqual([end, end]);
      expect(kept.snapshots).toEqual([metrics]);
      expect(metrics.log.frames).toBe((await run.recorded()).frames.length);
    }
  });

  it("measure from a record's source frame to its receipt", async () => {
    const clock = new ManualClock(0);
    const run = await FlowRun.open(
      flow("slow", (f) =>
        f.source("numbers", [1, 2, 3]).sink("out", () => new Promise<void>((resolve) => clock.schedule(700, resolve))),
      ),
      { store: memoryStore(), clock, configuration: { flow: { "sink.batchInputs": 1 } } },
    );
    const ended = run.handle.runWithMetrics();
    for (let i = 0; i < 3; i++) {
      await clock.idle();
      clock.advance(700);
    }
    const { latencyMs } = (await ended).metrics;
    expect([latencyMs.count, latencyMs.sum]).toEqual([3, 700 + 1_400 + 2_100]);
  });
});

describe("exporters", () => {
  it("get the figures at every interval and once at the end, and are not closed: others may use them", async () => {
    const kept = new Kept();
    const runs = [
      await ticked(5, { exporters: [kept], configuration: { flow: { "metrics.intervalMs": 2_000 } } }),
      await ticked(3, { exporters: [kept], number: 2, configuration: { flow: { "metrics.intervalMs": 2_000 } } }),
    ];
    expect(kept.snapshots.map(({ runId, atMs }) => [runId, atMs])).toEqual([
      ...[2_000, 4_000, 5_000].map((atMs) => [runs[0]?.manifest.runId, atMs]),
      ...[2_000, 3_000].map((atMs) => [runs[1]?.manifest.runId, atMs]),
    ]);
    expect(kept.snapshots.map(({ state }) => state)).toEqual(["running", "running", "drained", "running", "drained"]);
    expect(kept.closed).toBe(0);
  });

  for (const [how, export_] of [
    [
      "throws",
      (): never => {
        throw new Error("nobody there");
      },
    ],
    ["rejects", () => Promise.reject(new Error("nobody there"))],
    ["does not come back", () => new Promise<never>(() => undefined)],
  ] as const) {
    it(`do no harm when one ${how}: the logger is told, and the others get theirs`, async () => {
      const kept = new Kept();
      const told: unknown[] = [];
      const logger = { warn: (message: string) => void told.push(message), error: () => undefined };
      const run = await ticked(2, {
        exporters: [{ export: export_ }, kept],
        logger,
        configuration: { flow: { "metrics.intervalMs": 1_500 } },
      });
      expect(told.length).toBeGreaterThan(0);
      expect(new Set(told)).toEqual(
        new Set([
          how === "does not come back" ? "a metrics exporter did not come back" : "a metrics exporter failed to export",
        ]),
      );
      expect(kept.snapshots.at(-1)).toBe(run.handle.metrics());
      expect((await run.recorded()).recordsOf("system", "seal")).toMatchObject([{ status: "completed" }]);
    });
  }

  it("get nothing where no figures are kept, and nothing of them is on record", async () => {
    const kept = new Kept();
    const run = await ticked(3, { exporters: [kept], configuration: { flow: { "metrics.enabled": false } } });
    expect(kept.snapshots).toEqual([]);
    const machines = (await run.recorded()).recordsOf("system", "transition").map(({ machine }) => machine);
    expect(new Set(machines)).toEqual(new Set(["pipeline"]));
    expect(run.handle.metrics().stages).toMatchObject([{ out: 3 }, { in: 3 }]);
  });
});
