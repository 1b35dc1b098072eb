import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LogRecord } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, ManualClock, replayFlow, type FlowRunOptions, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import type { RunReport } from "../run-report.ts";
import { flow, type Flow } from "./flow.ts";
import { always, everyN, onEnd, within, type Schedule } from "./schedule.ts";

/** What comes when, in milliseconds after the one before it. */
interface Arrival {
  readonly afterMs: number;
  readonly item: number;
}

const arrivals = (...afterMs: readonly number[]): readonly Arrival[] =>
  afterMs.map((ms, item) => ({ afterMs: ms, item }));

/** Sums what arrives, and emits each sum with how many went into it, several times over. */
const summing = (
  items: readonly Arrival[],
  emit: Schedule,
  options: { readonly clock: ManualClock; readonly copies?: number; readonly delivered?: unknown[] },
): Flow =>
  flow("summing", (f) => {
    const { clock, copies = 1, delivered = [] } = options;
    f.source("numbers", async function* () {
      for (const { afterMs, item } of items) {
        if (afterMs > 0) await new Promise<void>((resolve) => void clock.schedule(afterMs, resolve));
        yield item;
      }
    })
      .stateful("sum", {
        initial: () => ({ count: 0, sum: 0 }),
        fold: ({ count, sum }, item) => ({ count: count + 1, sum: sum + item }),
        *project({ count, sum }) {
          for (let copy = 0; copy < copies; copy++) yield [count, sum, copy];
        },
        emit,
      })
      .sink("out", (each) => void delivered.push(each));
  });

/** Lets time pass until the run has ended. */
async function toItsEnd(run: FlowRun): Promise<RunReport> {
  let report: RunReport | undefined;
  void run.run().then((ended) => (report = ended));
  for (;;) {
    await run.clock.idle();
    if (report !== undefined) return report;
    const { nextMs } = run.clock;
    if (nextMs === undefined) throw new Error("the run waits for something else than time");
    run.clock.advance(nextMs - run.clock.now());
  }
}

async function recordedRun(
  items: readonly Arrival[],
  emit: Schedule,
  options: Partial<FlowRunOptions> & { readonly copies?: number; readonly delivered?: unknown[] } = {},
): Promise<{ readonly recorded: RecordedRun; readonly again: (emit: Schedule) => ReturnType<typeof replayFlow> }> {
  const { copies = 1, delivered = [], store = memoryStore(), clock = new ManualClock(1_000), ...rest } = options;
  const run = await FlowRun.open(summing(items, emit, { clock, copies, delivered }), { ...rest, store, clock });
  expect((await toItsEnd(run)).status).toBe("completed");
  expect(clock.timers).toBe(0);
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  let into = 1;
  return { recorded, again: (now) => replayFlow(summing(items, now, { clock, copies }), { store, into: ++into }) };
}

/** What a stage should have emitted, told from what it took and when its timer fired, by nothing but counting. */
function naive(recorded: RecordedRun, emit: Schedule, copies: number): readonly unknown[] {
  const outputs: unknown[] = [];
  const numbers = recorded.records("numbers");
  let count = 0;
  let sum = 0;
  let pending = 0;
  const give = (): void => {
    pending = 0;
    for (let copy = 0; copy < copies; copy++) outputs.push([count, sum, copy]);
  };
  const take = (record: LogRecord | undefined): void => {
    if (record?.kind !== "data") return;
    count++;
    sum += record.payload as number;
    pending++;
    if (emit.kind === "every" && pending === emit.inputs) give();
  };
  for (const record of recorded.records("sum")) {
    if (record.kind === "timer") give();
    if (record.kind === "transition" && record.event.kind === "inputs-ended") {
      if (emit.kind === "on-end" || (emit.atEnd && pending > 0)) give();
    }
    if (record.kind !== "consumed") continue;
    for (const { first, last } of record.spans) for (let seq: number = first; seq <= last; seq++) take(numbers[seq]);
  }
  return outputs;
}

const timersOf = (recorded: RecordedRun): readonly number[] =>
  recorded.recordsOf("sum", "timer").map(({ dueMs }) => dueMs);

const sums = (recorded: RecordedRun): readonly unknown[] =>
  recorded.payloads("sum").map((payload) => (payload as readonly number[])[0]);

describe("a schedule", () => {
  it("emits on every n inputs, after each of them, or once at the end", async () => {
    const items = arrivals(0, 0, 0, 0, 0);
    expect(sums((await recordedRun(items, everyN(2))).recorded)).toEqual([2, 4, 5]);
    expect(sums((await recordedRun(items, everyN(5))).recorded)).toEqual([5]);
    expect(sums((await recordedRun(items, always())).recorded)).toEqual([1, 2, 3, 4, 5]);
    expect(sums((await recordedRun(items, onEnd())).recorded)).toEqual([5]);
  });

  it("leaves out at the end what came since it last emitted, where it is told so", async () => {
    const items = arrivals(0, 0, 0, 30, 100);
    expect(sums((await recordedRun(items, everyN(2, { atEnd: false }))).recorded)).toEqual([2, 4]);
    expect(sums((await recordedRun(items, within(50, { atEnd: false }))).recorded)).toEqual([4]);
    expect(sums((await recordedRun(items, within(50))).recorded)).toEqual([4, 5]);
  });

  it("of time counts from the first input that was not emitted, and emits nothing while none comes", async () => {
    const { recorded } = await recordedRun(arrivals(0, 60, 60, 1_000, 99, 500), within(100));
    expect(timersOf(recorded)).toEqual([1_100, 1_220, 2_220]);
    expect(sums(recorded)).toEqual([2, 3, 5, 6]);
  });

  it("has a timer in a frame of its own, at its time, with all that it led to", async () => {
    const { recorded } = await recordedRun(arrivals(0, 300), within(100), { copies: 3 });
    const fired = recorded.framesOf("sum").filter(({ records }) => records[0]?.kind === "timer");
    expect(fired.map(({ timeMs }) => timeMs)).toEqual([1_100]);
    expect(fired[0]?.records.map(({ kind }) => kind)).toEqual(["timer", "data", "data", "data"]);
  });

  it("tells its handler the time at which the timer was due", async () => {
    const clock = new ManualClock(1_000);
    const store = memoryStore();
    const described = flow("timed", (f) => {
      f.source("numbers", async function* () {
        yield 1;
        await new Promise<void>((resolve) => void clock.schedule(500, resolve));
      })
        .stateful("times", {
          initial: () => 0,
          fold: (n) => n + 1,
          project: (_, context) => [[context.now, context.random(), context.id()]],
          emit: within(70),
        })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store, clock });
    await toItsEnd(run);
    expect((await run.recorded()).payloads("times")).toEqual([[1_070, expect.any(Number), expect.any(String)]]);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });

  it("is a divergence when its time has changed, at the place of the timer", async () => {
    const { recorded, again } = await recordedRun(arrivals(0, 30, 300), within(100, { atEnd: false }));
    const place = recorded.place("sum", ({ kind }) => kind === "timer");
    expect((await again(within(100, { atEnd: false }))).report.verdict).toBe("matched");
    for (const [now, recomputed] of [
      [within(200, { atEnd: false }), "one due at 1200"],
      [onEnd(), "none"],
    ] as const) {
      const { first } = (await again(now)).report;
      expect(first).toMatchObject({
        stage: "sum",
        kind: "changed",
        place,
        recorded: "a timer due at 1100",
        recomputed,
      });
    }
  });

  it("is a divergence when a timer is not on record that would have fired before more was taken", async () => {
    const { again } = await recordedRun(arrivals(0, 300, 300, 0), onEnd());
    expect((await again(onEnd())).report.verdict).toBe("matched");
    const { report } = await again(within(100));
    expect(report.first).toMatchObject({
      stage: "sum",
      kind: "extra",
      recorded: undefined,
      recomputed: "a timer due at 1100",
    });
  });

  it("emits what the windows cannot take at once by and by, takes nothing meanwhile, and loses and doubles nothing", async () => {
    for (const emit of [everyN(3), within(100), onEnd()]) {
      const delivered: unknown[] = [];
      const { recorded, again } = await recordedRun(arrivals(0, 0, 0, 0, 150, 0, 0), emit, {
        copies: 20,
        delivered,
        configuration: { edges: { "sum->out": { "flowControl.windowRecords": 3 } } },
      });
      expect(recorded.payloads("sum")).toEqual(naive(recorded, emit, 20));
      expect(delivered).toEqual(recorded.payloads("sum"));
      if (emit.kind !== "on-end") expect(recorded.moves("sum")).toContain("emitting");
      let open = false;
      for (const record of recorded.records("sum")) {
        if (record.kind === "transition") open = record.to === "emitting";
        if (open) expect(record.kind).not.toBe("consumed");
      }
      expect((await again(emit)).report).toMatchObject({ verdict: "matched", first: undefined });
    }
  });

  it("can be cancelled in the middle of an emission, and what is on record of that is matched", async () => {
    for (const emit of [everyN(2), within(100)]) {
      const clock = new ManualClock(1_000);
      const store = memoryStore();
      const gate = new EdgeGate({ from: "sum", to: "out", credit: 7 });
      const items = arrivals(0, 0, 500);
      const described = summing(items, emit, { clock, copies: 20 });
      const run = await FlowRun.open(described, { store, clock, gates: [gate] });
      const ended = run.run();
      await clock.idle();
      clock.advance(100);
      await clock.idle();
      expect(run.handle.stages()[1]).toMatchObject({ state: "emitting", out: 7 });
      run.handle.stop("enough");
      expect((await ended).status).toBe("cancelled");
      const recorded = await run.recorded();
      expect(recorded.payloads("sum")).toHaveLength(7);
      expect(recorded.moves("sum").at(-1)).toBe("cancelled");
      const { report } = await replayFlow(described, { store });
      expect(report).toMatchObject({ verdict: "matched", first: undefined });
    }
  });

  it("sleeps while a slow reader holds up what is due", async () => {
    let scheduled = 0;
    let looks = 0;
    class CountingClock extends ManualClock {
      override now(): number {
        looks++;
        return super.now();
      }
      override schedule(delayMs: number, run: () => void): () => void {
        scheduled++;
        return super.schedule(delayMs, run);
      }
    }
    const clock = new CountingClock(1_000);
    const gate = new EdgeGate({ from: "sum", to: "out", credit: 1 });
    const run = await FlowRun.open(summing(arrivals(0, 0, 150, 100_000), within(100), { clock, copies: 2 }), {
      store: memoryStore(),
      clock,
      gates: [gate],
    });
    const ended = run.run();
    await clock.idle();
    gate.shut();
    clock.advance(5_000);
    await clock.idle();
    const before = { scheduled, looks };
    await clock.idle();
    await clock.idle();
    expect({ scheduled, looks }).toEqual(before);
    gate.open();
    await clock.idle();
    const recorded = await run.recorded();
    expect(recorded.payloads("sum").slice(0, 2)).toEqual([
      [2, 1, 0],
      [2, 1, 1],
    ]);
    const [timer] = recorded.framesOf("sum").filter(({ records }) => records[0]?.kind === "timer");
    expect(timer).toMatchObject({ timeMs: 6_000, records: [{ dueMs: 1_100 }, {}, {}] });
    run.handle.stop();
    await ended;
  });

  it("of any kind emits what counting by hand gives, over any arrivals and windows, and is matched", async () => {
    const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
      fc.constant(onEnd()),
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.boolean()).map(([n, atEnd]) => everyN(n, { atEnd })),
      fc.tuple(fc.integer({ min: 1, max: 80 }), fc.boolean()).map(([ms, atEnd]) => within(ms, { atEnd })),
    );
    const anyArrivals = fc.array(fc.record({ afterMs: fc.nat(60), item: fc.nat(9) }), { maxLength: 40 });
    const window = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(anyArrivals, anySchedule, fc.nat(9), window, async (items, emit, copies, windowRecords) => {
        const delivered: unknown[] = [];
        const { recorded, again } = await recordedRun(items, emit, {
          copies,
          delivered,
          configuration: { flow: { "flowControl.windowRecords": windowRecords, "stage.stepInputs": 3 } },
        });
        expect(recorded.payloads("sum")).toEqual(naive(recorded, emit, copies));
        expect(delivered).toEqual(recorded.payloads("sum"));
        expect((await again(emit)).report).toMatchObject({ verdict: "matched", first: undefined });
      }),
      { numRuns: 120, seed: 11 },
    );
  });
});
