import fc from "fast-check";
import { ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import type { Durability } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";

interface Job {
  readonly id: number;
  readonly tries: number;
}

/** Jobs go round until they have been tried as often as their id says. */
const retrying = (ids: Iterable<number>, done: Job[]): Flow =>
  flow("retrying", (f) => {
    const jobs = f.source(
      "jobs",
      [...ids].map((id): Job => ({ id, tries: 0 })),
    );
    const again = f.feedback<Job>();
    const tried = f.merge(jobs, again).map("tried", (job) => ({ ...job, tries: job.tries + 1 }));
    again.connect(tried.filter("failed", (job) => job.tries < job.id));
    tried.filter("succeeded", (job) => job.tries >= job.id).sink("done", (job) => void done.push(job));
  });

/** Gives two for each that comes round, and lets none out. */
const doubling = (): Flow =>
  flow("doubling", (f) => {
    const again = f.feedback<number>();
    const all = f.merge(f.source("seed", [1]), again).flatMap("all", (n) => [n, n]);
    again.connect(all.filter("back", () => true));
    all.filter("out", () => false).sink("nothing", () => undefined);
  });

/** A clock that goes on with every look at it. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

/** Some are done soon; those that are left go round much more often than is allowed for each that enters. */
const BACKLOG = Array.from({ length: 2600 }, (_, id) => (id % 4 === 0 ? 25 : 3));

describe("a cycle", () => {
  it("goes round as often as its handlers say, ends when nothing is on its way, and replays the same", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 40 }),
        fc.constantFrom<Durability>("buffered", "strict"),
        async (ids, stepInputs, windowRecords, durability) => {
          const done: Job[] = [];
          const store = memoryStore();
          const { report, recorded } = await runFlow(retrying(ids, done), {
            store,
            durability,
            configuration: {
              flow: { "stage.stepInputs": stepInputs, "flowControl.windowRecords": windowRecords },
            },
          });
          expect(report).toMatchObject({ status: "completed", abandoned: [] });
          expect(done.map(({ id }) => id).sort()).toEqual([...ids].sort());
          expect(done.every(({ id, tries }) => tries === id)).toBe(true);
          for (const record of recorded.recordsOf("done", "consumed")) expect(record.spans.length).toBe(1);
          const replay = await replayFlow(retrying(ids, []), { store });
          expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("does not stand still where its stages multiply what enters it, however small the windows", async () => {
    const multiplying = (out: number[]): Flow =>
      flow("multiplying", (f) => {
        const again = f.feedback<{ readonly id: number; readonly back: boolean }>();
        const seed = f.source(
          "seed",
          Array.from({ length: 3000 }, (_, id) => ({ id, back: false })),
        );
        const all = f
          .merge(seed, again)
          .flatMap("all", (one) => (one.back ? [one] : (Array(8).fill(one) as (typeof one)[])));
        again.connect(all.filter("first", ({ back }) => !back).map("turned", ({ id }) => ({ id, back: true })));
        all.filter("second", ({ back }) => back).sink("out", ({ id }) => void out.push(id));
      });
    const out: number[] = [];
    const store = memoryStore();
    const { report } = await runFlow(multiplying(out), {
      store,
      configuration: { flow: { "flowControl.windowRecords": 64 } },
    });
    expect(report.status).toBe("completed");
    expect(out).toHaveLength(24_000);
    expect((await replayFlow(multiplying([]), { store })).report.verdict).toBe("matched");
  });

  it("says of each record how often it came round", async () => {
    const { recorded } = await runFlow(retrying([3], []), { store: memoryStore() });
    expect(recorded.recordsOf("tried", "data").map(({ hops }) => hops ?? 0)).toEqual([0, 1, 2]);
    expect(recorded.recordsOf("succeeded", "data").map(({ hops }) => hops)).toEqual([2]);
  });

  it("puts aside, as an error, what comes round more often than the depth allows, and goes on", async () => {
    const done: Job[] = [];
    const store = memoryStore();
    const { report, recorded } = await runFlow(retrying([1, 1_000_000, 2], done), { store });
    expect(report.status).toBe("completed");
    expect(done.map(({ id }) => id)).toEqual([1, 2]);
    expect(recorded.recordsOf("tried", "error")).toMatchObject([
      { error: "permanent", message: "it has come round the cycle more than 30 times" },
    ]);
    const replay = await replayFlow(retrying([1, 1_000_000, 2], []), { store });
    expect(replay.report.verdict).toBe("matched");
  });

  it("ends though errors in band are on their way round: they end where it is entered", async () => {
    const seen: unknown[] = [];
    const store = memoryStore();
    const checked = flow("checked", (f) => {
      const again = f.feedback<number>();
      const tried = f
        .merge(f.source("jobs", [1, 9, 3]), again)
        .tryMap("tried", (job) => (job > 5 ? reject("domain", "too large") : ok(job - 1)));
      again.connect(tried.filter("failed", (job) => job > 0));
      tried.errors.sink("rejected", ({ input }) => void seen.push(input));
      tried.sink("out", () => undefined);
    });
    const { report, recorded } = await runFlow(checked, { store });
    expect(report.status).toBe("completed");
    expect(seen).toEqual([9]);
    expect(recorded.recordsOf("tried", "error")).toHaveLength(1);
    expect((await replayFlow(checked, { store })).report.verdict).toBe("matched");
  });

  it("may be drained while something goes round: what is in it arrives", async () => {
    const done: Job[] = [];
    const run = await FlowRun.open(retrying([9, 9], done), { store: memoryStore() });
    const ended = run.run();
    run.handle.watch(({ kind }) => {
      if (kind === "running") run.handle.stopGraceful({ reason: "enough" });
    });
    expect((await ended).status).toBe("cancelled");
    expect(done.every(({ id, tries }) => tries === id)).toBe(true);
  });

  it("that feeds itself fails the stage where it is entered, with evidence on record", async () => {
    const { report, recorded } = await runFlow(doubling(), { store: memoryStore() });
    expect(report.fault).toMatchObject({ code: "contract-violated", stage: "all" });
    expect(report.fault?.message).toContain("divergence contract of back -> all");
    expect(recorded.recordsOf("all", "contract")).toMatchObject([{ contract: "divergence", verdict: "violated" }]);
  });

  it("that feeds itself fails also where a period ends with every few steps, and where the run is taken over", async () => {
    const configuration = { flow: { "divergence.periodMs": 50, "divergence.idleSignals": 50 } };
    const clock = new TickingClock();
    const { report, recorded } = await runFlow(doubling(), { store: memoryStore(), clock, configuration });
    expect(report.fault).toMatchObject({ code: "contract-violated", stage: "all" });
    const killed = await killedAfter(recorded, recorded.frames.length - 20);
    const resumed = await FlowRun.resume(doubling(), { store: killed, clock: new TickingClock() });
    expect((await resumed.run()).fault).toMatchObject({ code: "contract-violated", stage: "all" });
  });

  it("may have a backlog that goes round when a period ends, and when another process takes over", async () => {
    const configuration = { flow: { "flowControl.windowRecords": 10_000, "divergence.periodMs": 100 } };
    const done: Job[] = [];
    const store = memoryStore();
    const clock = new TickingClock();
    const { report, recorded } = await runFlow(retrying(BACKLOG, done), { store, clock, configuration });
    expect(report).toMatchObject({ status: "completed", abandoned: [] });
    expect(done).toHaveLength(BACKLOG.length);
    const { frames, manifest } = recorded;
    const ended = frames.findIndex(
      ({ lane, records }) => manifest.lanes[lane] === "jobs" && records.some(({ kind }) => kind === "end"),
    );
    const left = frames.length - ended;
    for (const cut of [ended + 1, ended + Math.floor(left / 4), ended + Math.floor(left / 2)]) {
      const killed = await killedAfter(recorded, cut);
      // Its clock stands still, so that one period has all that is left.
      const resumed = await FlowRun.resume(retrying(BACKLOG, []), { store: killed });
      expect(await resumed.run()).toMatchObject({ status: "completed", abandoned: [] });
      const replay = await replayFlow(retrying(BACKLOG, []), { store: killed });
      expect(replay.report.verdict).toBe("matched");
    }
  });

  it("that is not closed, or is closed outside of it, is refused when the flow is built", () => {
    const open = flow("open", (f) => {
      f.merge(f.source("a", [1]), f.feedback<number>())
        .map("b", (n) => n)
        .sink("c", () => undefined);
    });
    expect(open.build()._unsafeUnwrapErr()).toMatchObject([{ kind: "open-feedback", readers: ["b"] }]);
    const outside = flow("outside", (f) => {
      const back = f.feedback<number>();
      const a = f.source("a", [1]);
      f.merge(a, back)
        .map("b", (n) => n)
        .sink("c", () => undefined);
      back.connect(a.map("d", (n) => n));
    });
    expect(outside.build().isErr()).toBe(true);
  });
});
