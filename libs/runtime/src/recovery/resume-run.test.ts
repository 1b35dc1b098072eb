import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { EpochRecord } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow, tapLog, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { inputsRead } from "../../test/inputs-read.ts";
import { killedAfter, SnapshotsTaken } from "../../test/killed-run.ts";
import { cuts, flowPlans, plannedFlow, type Delivered, type FlowPlan } from "../../test/random-flow.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";
import {
  inputsOf,
  type FlowDefinition,
  type InputDefinition,
  type SinkDefinition,
} from "../definition/flow-definition.ts";
import { recordView } from "../edge/record-view.ts";
import type { Configuration } from "../config/configuration.ts";
import type { RunReport, StageReport } from "../run-report.ts";

const RUNS = { seed: 20_260_102, numRuns: 60 };

/** What cuts a run short, and at which of its frames, in parts of a thousand of a run that was not cut short. */
interface Interruption {
  readonly how: "kill" | "stop" | "stopGraceful" | "abort";
  readonly at: number;
}

const interruptions: fc.Arbitrary<readonly Interruption[]> = fc.array(
  fc.record({
    how: fc.constantFrom("kill", "kill", "stop", "stopGraceful", "abort"),
    at: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 4 },
);

/** A clock that goes on with every look at it, so that times on record differ. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

interface Resumed {
  readonly recorded: RecordedRun;
  readonly definition: FlowDefinition;
  /** How often a process began with a snapshot rather than with all that was on record. */
  readonly begunWithSnapshot: number;
}

/** Runs a flow until it is complete, however often it is cut short. */
async function runInterrupted(
  plan: FlowPlan,
  cutShort: readonly Interruption[],
  configuration: Configuration,
  clockOf: () => ManualClock = () => new ManualClock(Date.UTC(2026, 0)),
): Promise<Resumed> {
  let store = memoryStore();
  let before = 0;
  const snapshots = new SnapshotsTaken();
  for (const interruption of [...cutShort, undefined]) {
    const delivered: Delivered = new Map();
    const described = plannedFlow(plan, delivered);
    const told = interruption?.how === "kill" ? undefined : interruption;
    const tap = (log: Parameters<typeof tapLog>[0]): ReturnType<typeof tapLog> =>
      tapLog(snapshots.follow(log, before), {
        before: (_, number) => {
          if (told !== undefined && number === told.at % 60) tell(run.handle, told.how);
          return undefined;
        },
      });
    const options = { store, clock: clockOf(), tap };
    const run: FlowRun =
      interruption === cutShort[0]
        ? await FlowRun.open(described, { ...options, configuration })
        : await FlowRun.resume(described, options);
    const report = await ended(run);
    const recorded = await run.recorded();
    checkRecord(recorded, run.definition);
    checkDelivered(recorded, run.definition, delivered, before);
    if (interruption === undefined || (told !== undefined && report.status === "completed")) {
      expect(report).toMatchObject({ status: "completed", reason: undefined, fault: undefined });
      checkFigures(recorded, run.definition, report);
      return { recorded, definition: run.definition, begunWithSnapshot: snapshots.begunWith };
    }
    if (told === undefined) {
      before += Math.floor(((recorded.frames.length - before) * interruption.at) / 1001);
      store = await killedAfter(recorded, before, snapshots.upTo(before));
    } else before = recorded.frames.length;
  }
  throw new Error("a run that is never complete");
}

/** Nothing here waits for time: what has not ended when nothing moves never will. */
async function ended(run: FlowRun): Promise<RunReport> {
  const report = run.run();
  await run.clock.idle();
  if (run.handle.isRunning) {
    const stages = run.handle.stages().map(({ stage, state }) => `${stage} ${state}`);
    throw new Error(`the run stands still, ${run.handle.state.kind}: ${stages.join(", ")}`);
  }
  return report;
}

function tell(handle: FlowRun["handle"], how: Interruption["how"]): void {
  if (how === "abort") handle.abort("enough");
  else if (how === "stop") handle.stop("enough");
  else handle.stopGraceful({ reason: "enough" });
}

/** What the last process reports is what the whole run has done, however many were before it. */
function checkFigures(recorded: RecordedRun, { stages }: FlowDefinition, report: RunReport): void {
  for (const stage of stages) {
    if (stage.kind === "observer") continue;
    const { in: taken, out, rejected } = report.stages.find((each) => each.stage === stage.name) as StageReport;
    const read = inputsOf(stage).reduce((sum, input) => sum + inputsRead(recorded, input).length, 0);
    const given = recorded.payloads(stage.name).length;
    const own = recorded.recordsOf(stage.name, "error").filter(({ cause }) => typeof cause === "number").length;
    expect({ taken, out, rejected }).toEqual({
      taken: stage.kind === "source" ? given : read,
      out: given,
      rejected: own,
    });
  }
}

/** What a process has delivered is what it has receipts for, from frame `from` on. */
function checkDelivered(recorded: RecordedRun, definition: FlowDefinition, delivered: Delivered, from: number): void {
  for (const stage of definition.stages) {
    if (stage.kind !== "sink") continue;
    const readable = deliverable(recorded, stage);
    const receipted = recorded.frames
      .slice(from)
      .flatMap(({ lane, records }) => (lane === stage.lane ? records : []))
      .flatMap((record) => (record.kind === "consumed" ? record.spans : []))
      .flatMap(({ first, last }) => readable.filter(({ seq }) => seq >= first && seq <= last));
    expect(delivered.get(stage.name)).toEqual(receipted.map(({ payload }) => payload));
  }
}

/** What there is for a sink on the lane that it reads. */
function deliverable(
  recorded: RecordedRun,
  { inputs }: SinkDefinition,
): readonly { readonly seq: number; readonly payload: unknown }[] {
  const [{ from, takes }] = inputs as readonly [InputDefinition];
  const view = recordView(takes);
  return recorded.records(recorded.manifest.lanes[from] as string).flatMap((record, seq) => {
    const seen = view(record);
    return seen?.kind === "data" ? [{ seq, payload: seen.payload }] : [];
  });
}

describe("a run that is cut short again and again", () => {
  it("completes, keeps the promises of the record, delivers each record under one receipt, and verifies", async () => {
    let begunWithSnapshot = 0;
    await fc.assert(
      fc.asyncProperty(flowPlans, interruptions, cuts, async (plan, cutShort, configuration) => {
        const resumed = await runInterrupted(plan, cutShort, configuration, () => new TickingClock());
        const { recorded, definition } = resumed;
        begunWithSnapshot += resumed.begunWithSnapshot;
        for (const stage of definition.stages) {
          if (stage.kind !== "sink") continue;
          const delivered = recorded.recordsOf(stage.name, "receipt").reduce((sum, { count }) => sum + count, 0);
          expect(delivered).toBe(deliverable(recorded, stage).length);
        }
        const store = await killedAfter(recorded, recorded.frames.length);
        for (const number of [1, 2]) {
          const { report } = await replayFlow(plannedFlow(plan), { store, number, into: number + 1 });
          expect(report.first).toBeUndefined();
          expect(report.verdict).toBe("matched");
        }
      }),
      RUNS,
    );
    expect(begunWithSnapshot).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it("comes to what a run comes to that was not, where nothing hangs on the order of a fan-in", async () => {
    const chains = flowPlans.map((plan) => ({
      ...plan,
      // What is random hangs on the place of the input, and a process that takes over has records of its own before it.
      stages: plan.stages
        .filter(({ does }) => does !== "random")
        .map((stage) => ({ ...stage, reads: stage.reads.slice(0, 1) })),
    }));
    await fc.assert(
      fc.asyncProperty(chains, interruptions, cuts, async (plan, cutShort, configuration) => {
        const whole = await runFlow(plannedFlow(plan), { store: memoryStore(), configuration });
        const { recorded, definition } = await runInterrupted(plan, cutShort, configuration);
        for (const { name } of definition.stages) {
          expect(recorded.payloads(name)).toEqual(whole.recorded.payloads(name));
        }
      }),
      RUNS,
    );
  });
});

interface Numbers {
  readonly items?: readonly number[];
  readonly times?: number;
  /** Throws at this number. */
  readonly refuses?: number;
  readonly delivered?: number[];
}

const totals = ({ items = [1, 2, 3, 4], times = 2, refuses, delivered = [] }: Numbers = {}): Flow =>
  flow("totals", (f) =>
    f
      .source("numbers", items)
      .map("multiplied", (n) => {
        if (n === refuses) throw new RangeError(`no ${n}`);
        return n * times;
      })
      .stateful("total", { initial: () => 0, fold: (sum, n) => sum + n, project: (sum) => [sum], emit: onEnd() })
      .sink("out", (total) => void delivered.push(total)),
  );

const stepwise = { flow: { "stage.stepInputs": 1 } } as const;

/** A run of `totals` that was killed when two of its products were on record. */
async function killedAtTwo(): Promise<MemoryStore> {
  const { recorded } = await runFlow(totals(), { store: memoryStore(), configuration: stepwise });
  const multiplied = recorded
    .framesOf("multiplied")
    .filter(({ records }) => records.some(({ kind }) => kind === "data"));
  return killedAfter(recorded, (multiplied[1]?.lsn as number) + 1);
}

const epochsOf = (recorded: RecordedRun): readonly EpochRecord[] => recorded.recordsOf("system", "epoch");

describe("a run that failed", () => {
  it("goes on at the input that its handler threw at, with the code mended", async () => {
    const store = memoryStore();
    const broken = await runFlow(totals({ refuses: 3 }), { store, configuration: stepwise });
    expect(broken.report).toMatchObject({ status: "failed", fault: { input: "numbers:5" } });
    const delivered: number[] = [];
    const run = await FlowRun.resume(totals({ delivered }), { store });
    expect((await run.run()).status).toBe("completed");
    expect(delivered).toEqual([20]);
    expect((await run.recorded()).payloads("multiplied")).toEqual([2, 4, 6, 8]);
    expect((await replayFlow(totals(), { store })).report).toMatchObject({ verdict: "matched" });
  });

  it("fails again, and goes on once more, where the code is as it was", async () => {
    const store = memoryStore();
    await runFlow(totals({ refuses: 3 }), { store, configuration: stepwise });
    const again = await (await FlowRun.resume(totals({ refuses: 3 }), { store })).run();
    expect(again).toMatchObject({ status: "failed", fault: { stage: "multiplied", message: "RangeError: no 3" } });
    expect((await (await FlowRun.resume(totals(), { store })).run()).status).toBe("completed");
  });
});

describe("a run whose code has changed", () => {
  it("is refused with the first divergence where the code does not compute its past, and is free for another try", async () => {
    const store = await killedAtTwo();
    const refused = FlowRun.resume(totals({ times: 3 }), { store });
    await expect(refused).rejects.toMatchObject({
      cause: { kind: "resume-diverged", report: { first: { stage: "multiplied", recorded: 2, recomputed: 3 } } },
    });
    expect((await (await FlowRun.resume(totals(), { store })).run()).status).toBe("completed");
  });

  it("is refused with every difference where it has other stages", async () => {
    const store = await killedAtTwo();
    const other = flow("totals", (f) => f.source("digits", [1]).sink("out", () => undefined));
    const { cause } = (await FlowRun.resume(other, { store }).catch((thrown: unknown) => thrown)) as {
      readonly cause: { readonly kind: string; readonly differences: readonly string[] };
    };
    expect(cause.kind).toBe("flow-differs");
    expect(cause.differences.join("\n")).toMatch(/"numbers"[^]*"multiplied"[^]*"total"[^]*"out" read from[^]*"digits"/);
  });

  it("goes on where it declares the same stages in another order", async () => {
    const described = (isSwapped: boolean, delivered: unknown[] = []): Flow =>
      flow("pairs", (f) => {
        const sources = {
          words: () => f.source("words", ["a", "b", "c"]),
          numbers: () => f.source("numbers", [1, 2, 3]),
        };
        const [words, numbers] = isSwapped
          ? (([second, first]) => [first, second] as const)([sources.numbers(), sources.words()] as const)
          : ([sources.words(), sources.numbers()] as const);
        const lengths = (): unknown =>
          words.map("long", (word) => word + word).sink("said", (w) => void delivered.push(w));
        const squares = (): unknown => numbers.map("squared", (n) => n * n).sink("told", (n) => void delivered.push(n));
        for (const add of isSwapped ? [squares, lengths] : [lengths, squares]) add();
      });
    const { recorded } = await runFlow(described(false), { store: memoryStore(), configuration: stepwise });
    for (let frames = 1; frames < recorded.frames.length; frames += 3) {
      const store = await killedAfter(recorded, frames);
      const run = await FlowRun.resume(described(true), { store });
      expect((await run.run()).status).toBe("completed");
      const resumed = await run.recorded();
      expect(resumed.payloads("long")).toEqual(["aa", "bb", "cc"]);
      expect(resumed.payloads("squared")).toEqual([1, 4, 9]);
      expect((await replayFlow(described(false), { store })).report.verdict).toBe("matched");
    }
  });

  it("goes on when it is forced to, which is on record, and need not be forced again for the same past", async () => {
    const store = await killedAtTwo();
    const forced = await FlowRun.resume(totals({ times: 3, refuses: 4 }), { store, force: true });
    expect((await forced.run()).status).toBe("failed");
    const run = await FlowRun.resume(totals({ times: 3 }), { store });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    expect(recorded.payloads("multiplied")).toEqual([2, 4, 9, 12]);
    expect(recorded.payloads("total")).toEqual([27]);
    expect(epochsOf(recorded).map(({ forced: was }) => was)).toEqual([false, true, false]);
    expect((await replayFlow(totals({ times: 3 }), { store })).report).toMatchObject({
      verdict: "diverged",
      first: { recorded: 2, recomputed: 3 },
    });
  });

  it("has nothing forced on record where there was no need", async () => {
    const store = await killedAtTwo();
    const run = await FlowRun.resume(totals(), { store, force: true });
    await run.run();
    expect(epochsOf(await run.recorded()).map(({ forced }) => forced)).toEqual([false, false]);
  });
});

it("a run that is complete is not gone on with", async () => {
  const store = memoryStore();
  await runFlow(totals(), { store });
  await expect(FlowRun.resume(totals(), { store })).rejects.toMatchObject({ cause: { kind: "already-completed" } });
  await expect(FlowRun.resume(totals(), { store, force: true })).rejects.toMatchObject({
    cause: { kind: "already-completed" },
  });
});

it("a run that was killed when all was done but its seal is sealed", async () => {
  const { recorded } = await runFlow(totals(), { store: memoryStore() });
  const delivered: number[] = [];
  const store = await killedAfter(recorded, recorded.frames.length - 1);
  const run = await FlowRun.resume(totals({ delivered }), { store });
  expect((await run.run()).status).toBe("completed");
  expect(delivered).toEqual([]);
  expect((await replayFlow(totals(), { store })).report.verdict).toBe("matched");
});

it("time does not go back on record where the clock was set back between two processes", async () => {
  const store = await killedAtTwo();
  const clock = new ManualClock(Date.UTC(2020, 0));
  const run = await FlowRun.resume(totals(), { store, clock });
  await run.run();
  const times = (await run.recorded()).frames.map(({ timeMs }) => timeMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.at(-1)).toBe(Date.UTC(2026, 0));
});
