import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { explainFlowFault } from "../definition/flow-fault.ts";
import { flow, type Flow, type FlowBuilder } from "./flow.ts";
import type { Stream } from "./stream.ts";

interface Tick {
  readonly atMs: number;
  readonly from: number;
  readonly number: number;
}

const ticks = (from: number, times: readonly number[]): readonly Tick[] =>
  times.map((atMs, number) => ({ atMs, from, number }));

const merging = (inputs: readonly (readonly Tick[])[], delivered: Tick[], into: "map" | "sink" = "map"): Flow =>
  flow("merging", (f) => {
    const merged = f.mergeOrdered(
      ({ atMs }: Tick) => atMs,
      ...inputs.map((items, index) => {
        const source = f.source(`source-${index}`, items);
        return index % 2 === 0 ? source : source.map(`same-${index}`, (tick) => tick);
      }),
    );
    const read: Stream<Tick> = into === "map" ? merged.map("all", (tick) => tick) : merged;
    read.sink("out", (tick) => void delivered.push(tick));
  });

describe("an ordered merge", () => {
  it("is all inputs sorted by their event times, of equal ones the first stream first, and is replayed so", async () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }).map((all) => all.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        fc.array(times, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("map", "sink"),
        async (all, windowRecords, stepInputs, into) => {
          const inputs = all.map((times, from) => ticks(from, times));
          const delivered: Tick[] = [];
          const store = memoryStore();
          const configuration = {
            flow: {
              "flowControl.windowRecords": windowRecords,
              "stage.stepInputs": stepInputs,
              "sink.batchInputs": stepInputs,
            },
          };
          const run = await FlowRun.open(merging(inputs, delivered, into), { store, configuration });
          expect((await run.run()).status).toBe("completed");
          // A stable sort keeps the first stream first.
          expect(delivered).toEqual(inputs.flat().sort((a, b) => a.atMs - b.atMs));
          const recorded = await run.recorded();
          checkRecord(recorded, run.definition);
          const replay = await replayFlow(merging(inputs, [], into), { store });
          expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
          if (into === "map") expect(replay.recorded.payloads("all")).toEqual(delivered);
          const reader = into === "map" ? "all" : "out";
          expect(replay.recorded.recordsOf(reader, "consumed")).toEqual(recorded.recordsOf(reader, "consumed"));
        },
      ),
      { numRuns: 80, seed: 5 },
    );
  });

  /** A source that is never done, and one that says nothing until it is told to. */
  async function withIdle(
    between: (busy: Stream<Tick>, name: string) => Stream<Tick>,
    check: (run: FlowRun, delivered: readonly Tick[], go: (tick: Tick | undefined) => void) => Promise<void>,
  ): Promise<void> {
    const delivered: Tick[] = [];
    let go: (tick: Tick | undefined) => void = () => undefined;
    const described = flow("idle", (f) => {
      const busy = f.source("busy", function* () {
        for (let number = 0; number < 100; number++) yield { atMs: number * 10, from: 0, number };
      });
      const idle = f.source("idle", async function* () {
        for (;;) {
          const tick = await new Promise<Tick | undefined>((resolve) => (go = resolve));
          if (tick === undefined) return;
          yield tick;
        }
      });
      f.mergeOrdered(({ atMs }) => atMs, between(busy, "between"), idle)
        .map("all", (tick) => tick)
        .sink("out", (tick) => void delivered.push(tick));
    });
    const store = memoryStore();
    const run = await FlowRun.open(described, {
      store,
      clock: new ManualClock(0),
      configuration: { flow: { "flowControl.windowRecords": 10, "flowControl.stallTimeoutMs": 1_000 } },
    });
    const ended = run.run();
    await run.clock.idle();
    await check(run, delivered, (tick) => go(tick));
    expect(await ended).toMatchObject({ status: "completed", fault: undefined });
    expect(delivered.map(({ atMs }) => atMs)).toEqual(delivered.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  }

  it.each([
    ["at once", (busy: Stream<Tick>) => busy],
    ["behind a stage", (busy: Stream<Tick>, name: string) => busy.map(name, (tick) => tick)],
  ])(
    "waits for an idle input for as long as it takes, which is no stall of those %s, and goes on with it",
    async (_, between) => {
      await withIdle(between, async (run, delivered, go) => {
        run.clock.advance(3_600_000);
        await run.clock.idle();
        expect(delivered).toEqual([]);
        expect(run.handle.isRunning).toBe(true);
        go({ atMs: 45, from: 1, number: 0 });
        await run.clock.idle();
        expect(delivered.map(({ atMs }) => atMs)).toEqual([0, 10, 20, 30, 40, 45]);
        run.clock.advance(3_600_000);
        await run.clock.idle();
        go(undefined);
        await run.clock.idle();
        expect(delivered).toHaveLength(101);
      });
    },
  );

  it("names the edge that stands still where a stream waits for what comes of itself", async () => {
    const described = flow("diamond", (f) => {
      const numbers = f.source(
        "numbers",
        Array.from({ length: 100 }, (_, n) => n),
      );
      f.mergeOrdered(
        (n) => n,
        numbers.map("same", (n) => n),
        numbers.filter("none", () => false),
      ).sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, {
      store: memoryStore(),
      configuration: { flow: { "flowControl.windowRecords": 10, "flowControl.stallTimeoutMs": 1_000 } },
    });
    const ended = run.run();
    await run.clock.idle();
    run.clock.advance(1_000);
    expect(await ended).toMatchObject({ status: "failed", fault: { code: "edge-stalled" } });
  });

  it("fails the stage that reads it at a time that is none, and keeps what came before", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, "soon" as unknown as number]) {
      const delivered: Tick[] = [];
      const store = memoryStore();
      const inputs = [ticks(0, [1, 3, bad]), ticks(1, [2, 4])];
      const run = await FlowRun.open(merging(inputs, delivered), { store });
      const report = await run.run();
      expect(report).toMatchObject({ status: "failed", fault: { code: "handler-threw", stage: "all" } });
      expect(report.fault?.message).toContain(`an event time is ${String(bad)}`);
      expect((await run.recorded()).payloads("all").map((tick) => (tick as Tick).atMs)).toEqual([1, 2, 3]);
      expect((await replayFlow(merging(inputs, []), { store })).report.first).toBeUndefined();
    }
  });

  it("is refused as part of another merge, which would lose its order", () => {
    const faults = (
      build: (f: FlowBuilder, ordered: Stream<number>, other: Stream<number>) => void,
    ): readonly string[] =>
      flow("lost", (f) => {
        const [a, b, c] = ["a", "b", "c"].map((name) => f.source(name, [1])) as [
          Stream<number>,
          Stream<number>,
          Stream<number>,
        ];
        build(
          f,
          f.mergeOrdered((n) => n, a, b),
          c,
        );
      })
        .build()
        .match(
          () => [],
          (found) => found.map(explainFlowFault),
        );
    const text = /"a", "b", merged by event time, are merged again/;
    expect(faults((f, ordered, other) => f.merge(ordered, other).sink("out", () => undefined))).toEqual([
      expect.stringMatching(text),
    ]);
    expect(
      faults((f, ordered, other) => f.mergeOrdered((n) => n, other, ordered).sink("out", () => undefined)),
    ).toEqual([expect.stringMatching(text)]);
    expect(
      faults((f, ordered, other) =>
        f
          .merge(
            ordered.map("m", (n) => n),
            other,
          )
          .sink("out", () => undefined),
      ),
    ).toEqual([]);
    expect(
      faults((f, ordered, other) => {
        f.merge(ordered).sink("out", () => undefined);
        other.sink("rest", () => undefined);
      }),
    ).toEqual([]);
  });

  it("is refused of a feedback, which would be waited for by what it comes of", () => {
    const built = flow("round", (f) => {
      const again = f.feedback<number>();
      const round = f.mergeOrdered((n) => n, f.source("numbers", [1]), again).map("round", (n) => n);
      again.connect(round.filter("some", () => false));
      round.sink("out", () => undefined);
    }).build();
    expect(built._unsafeUnwrapErr().map(explainFlowFault)).toEqual([
      expect.stringMatching(/^Stage "round": it merges a feedback by event time/),
    ]);
  });
});
