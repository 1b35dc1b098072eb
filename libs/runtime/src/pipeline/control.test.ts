import { describe, expect, it } from "vitest";

import type { FrameDraft } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, replayFlow, tapLog, type FlowRunOptions, type ManualClock } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";
import type { RunReport } from "../run-report.ts";
import type { PipelineState } from "./pipeline-machine.ts";

const never = (): Promise<never> => new Promise<never>(() => undefined);

/** A source of numbers that gives them only as a test asks for them; otherwise it waits. */
class Tap {
  given = 0;
  #wanted = 0;
  #wake: () => void = () => undefined;

  give(items: number): void {
    this.#wanted += items;
    this.#wake();
  }

  async *items(): AsyncGenerator<number> {
    for (;;) {
      while (this.given >= this.#wanted) await new Promise<void>((resolve) => (this.#wake = resolve));
      yield this.given++;
    }
  }
}

/** Numbers that a sink gets, with a sum at the end beside it. */
const tapped = (tap: Tap, delivered: number[] = []): Flow =>
  flow("tapped", (f) => {
    const numbers = f.source("numbers", () => tap.items());
    numbers.map("doubled", (n) => 2 * n).sink("out", (n) => void delivered.push(n));
    numbers
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
      .sink("summed", () => undefined);
  });

/** A flow whose sink does not come back from a write. */
const stuck = (): Flow => flow("stuck", (f) => f.source("numbers", [1, 2, 3]).sink("out", never));

const opened = (described: Flow, options: Partial<FlowRunOptions> = {}): Promise<FlowRun> =>
  FlowRun.open(described, { store: memoryStore(), ...options });

/** Holds what every run promises that has ended, and gives its moves. */
async function ended(run: FlowRun, report: RunReport): Promise<readonly string[]> {
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  expect(run.clock.timers).toBe(0);
  expect(run.handle.isRunning).toBe(false);
  expect(run.handle.state.kind).toBe(recorded.moves("system").at(-1));
  const seals = recorded.recordsOf("system", "seal");
  expect(seals).toMatchObject([{ status: report.status, reason: report.reason }]);
  expect(recorded.frames.at(-1)?.records).toEqual(seals);
  return recorded.moves("system");
}

const settle = async (clock: ManualClock, ms: number): Promise<void> => {
  await clock.idle();
  clock.advance(ms);
  await clock.idle();
};

describe("a pause", () => {
  it("stops the intake, lets arrive what is on its way, and a resume goes on", async () => {
    const tap = new Tap();
    const delivered: number[] = [];
    const store = memoryStore();
    const run = await opened(tapped(tap, delivered), { store });
    const report = run.run();
    await run.clock.idle();
    tap.give(3);
    await run.clock.idle();
    expect(run.handle.pause().isOk()).toBe(true);
    await run.clock.idle();
    expect(run.handle.state).toMatchObject({ kind: "running", paused: true });
    expect(run.handle.stages()[0]).toMatchObject({ state: "paused" });
    tap.give(4);
    await settle(run.clock, 60_000);
    expect(delivered).toEqual([0, 2, 4]);
    expect(run.handle.resume().isOk()).toBe(true);
    await run.clock.idle();
    expect(delivered).toEqual([0, 2, 4, 6, 8, 10, 12]);
    run.handle.stop("enough");
    expect((await report).status).toBe("cancelled");
    await ended(run, await report);
    expect((await replayFlow(tapped(tap), { store })).report.verdict).toBe("matched");
  });

  it("holds nothing that was read before: it drains", async () => {
    const gate = new EdgeGate({ from: "doubled", to: "out" });
    const tap = new Tap();
    const delivered: number[] = [];
    const run = await opened(tapped(tap, delivered), { gates: [gate] });
    const report = run.run();
    tap.give(5);
    await run.clock.idle();
    run.handle.pause();
    await run.clock.idle();
    expect(delivered).toEqual([]);
    gate.open();
    await run.clock.idle();
    expect(delivered).toEqual([0, 2, 4, 6, 8]);
    run.handle.stop();
    await ended(run, await report);
  });

  it("twice is one, and so is a resume", async () => {
    const run = await opened(tapped(new Tap()));
    const report = run.run();
    await run.clock.idle();
    for (const command of ["resume", "pause", "pause", "resume", "resume"] as const) run.handle[command]();
    await run.clock.idle();
    const numbers = (await run.recorded()).moves("numbers");
    expect(numbers.slice(numbers.indexOf("running"))).toEqual(["running", "paused", "running"]);
    expect(run.handle.state).toMatchObject({ kind: "running", paused: false });
    run.handle.pause();
    await run.clock.idle();
    run.handle.pause();
    await run.clock.idle();
    expect((await run.recorded()).moves("numbers").slice(-2)).toEqual(["running", "paused"]);
    run.handle.stop();
    await ended(run, await report);
  });

  it("can be ended by a stop of either kind", async () => {
    for (const stop of ["stop", "stopGraceful"] as const) {
      const tap = new Tap();
      const delivered: number[] = [];
      const run = await opened(tapped(tap, delivered));
      const report = run.run();
      tap.give(2);
      await run.clock.idle();
      run.handle.pause();
      await run.clock.idle();
      run.handle[stop]();
      expect(await report).toMatchObject({ status: "cancelled", reason: "user_stop" });
      expect(delivered).toEqual([0, 2]);
      await ended(run, await report);
    }
  });

  it("is refused where nothing flows, with the state there", async () => {
    const run = await opened(tapped(new Tap()));
    const refused = (): unknown[] => [run.handle.pause(), run.handle.resume()].map((r) => r._unsafeUnwrapErr());
    const notRunning = (state: string): unknown => ({ kind: "not-running", state });
    expect(refused()).toEqual([notRunning("created"), notRunning("created")]);
    await run.handle.start();
    expect(refused()).toEqual([notRunning("ready"), notRunning("ready")]);
    run.handle.stop();
    await run.run();
    expect(refused()).toEqual([notRunning("cancelled"), notRunning("cancelled")]);
  });

  it("repeated without end is refused at the channel's limit, and keeps no report and no stop from arriving", async () => {
    const tap = new Tap();
    const run = await opened(tapped(tap), { configuration: { flow: { "control.capacityEvents": 5 } } });
    const report = run.run();
    await run.clock.idle();
    const results = Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? run.handle.pause() : run.handle.resume()));
    expect(results.filter((result) => result.isOk())).toHaveLength(5);
    expect(results.at(-1)?._unsafeUnwrapErr()).toEqual({ kind: "send-failed", reason: "full", limit: 5 });
    for (let i = 0; i < 1_000; i++) {
      run.handle.stopGraceful();
      run.handle.stop("enough");
      void run.run();
    }
    expect((await report).status).toBe("cancelled");
    await ended(run, await report);
  });

  it("and a resume that a busy source has not seen yet come to nothing, however many there are", async () => {
    let open: (items: number[]) => void = () => undefined;
    const run = await opened(
      flow("slow-to-open", (f) =>
        f.source("numbers", () => new Promise<number[]>((resolve) => (open = resolve))).sink("out", () => undefined),
      ),
    );
    const report = run.run();
    await run.clock.idle();
    for (let i = 0; i < 200; i++) {
      run.handle.pause();
      run.handle.resume();
      await run.clock.idle();
    }
    run.handle.pause();
    await run.clock.idle();
    open([1, 2, 3]);
    await run.clock.idle();
    expect(run.handle.stages()).toMatchObject([{ state: "paused", out: 0 }, {}]);
    run.handle.resume();
    expect((await report).status).toBe("completed");
    await ended(run, await report);
  });
});

describe("a graceful stop", () => {
  for (const kind of ["sync", "async"] as const) {
    it(`of an endless ${kind} source delivers what was read, and computes no aggregate of it`, async () => {
      let read = 0;
      const delivered: number[] = [];
      const gate = new EdgeGate({ from: "doubled", to: "out", credit: 50 });
      const store = memoryStore();
      const described = flow("endless", (f) => {
        const numbers = f.source(
          "numbers",
          kind === "sync"
            ? function* () {
                for (;;) yield read++;
              }
            : async function* () {
                for (;;) {
                  await Promise.resolve();
                  yield read++;
                }
              },
        );
        numbers.map("doubled", (n) => 2 * n).sink("out", (n) => void delivered.push(n));
        numbers
          .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
          .sink("summed", () => undefined);
      });
      const run = await opened(described, {
        store,
        gates: [gate],
        configuration: { flow: { "flowControl.windowRecords": 100 } },
      });
      const report = run.run();
      await run.clock.idle();
      const before = read;
      run.handle.stopGraceful({ reason: "time to go" });
      gate.open();
      expect(await report).toMatchObject({ status: "cancelled", reason: "time to go", abandoned: [] });
      expect(run.clock.now()).toBe(run.manifest.createdAtMs);
      // What one asynchronous read had under way came too late.
      expect(read - before).toBeLessThanOrEqual(1);
      expect(delivered).toEqual(Array.from({ length: before }, (_, n) => 2 * n));
      const recorded = await run.recorded();
      for (const stage of ["numbers", "doubled", "sum"]) {
        expect(recorded.recordsOf(stage, "end")).toMatchObject([{ end: "truncated" }]);
      }
      expect(recorded.payloads("sum")).toEqual([]);
      const moves = await ended(run, await report);
      expect(moves).not.toContain("drained");
      expect(moves.at(-1)).toBe("cancelled");
      expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
    });
  }

  it("that is not done at its deadline becomes a cancel, which names the timeout, and leaves behind who is late", async () => {
    const run = await opened(stuck());
    const report = run.run();
    await run.clock.idle();
    run.handle.stopGraceful({ timeoutMs: 1_000, reason: "bye" });
    await settle(run.clock, 999);
    expect(run.handle.isRunning).toBe(true);
    await settle(run.clock, 1);
    expect(run.handle.state).toEqual({ kind: "cancelled", reason: "stop_timeout (bye)", overdue: true });
    await settle(run.clock, 100);
    expect(await report).toMatchObject({
      status: "cancelled",
      reason: "stop_timeout (bye)",
      fault: undefined,
      abandoned: ["out"],
    });
    await ended(run, await report);
    expect((await run.recorded()).moves("out")).toEqual(["initialized", "running"]);
  });

  it("ends the reading ahead of a source that never has to wait", async () => {
    let read = 0;
    const delivered: number[] = [];
    const run = await opened(
      flow("eager", (f) =>
        f
          .source("numbers", async function* () {
            for (; read < 100_000;) {
              if (read === 10) run.handle.stopGraceful();
              yield read++;
            }
          })
          .sink("out", (n) => void delivered.push(n)),
      ),
    );
    const report = await run.run();
    expect(report.status).toBe("cancelled");
    expect(read).toBeLessThan(1_000);
    expect(delivered).toEqual(Array.from({ length: delivered.length }, (_, n) => n));
    expect(delivered.length).toBeGreaterThanOrEqual(10);
    await ended(run, report);
  });

  it("asked for a thousand times at once keeps no report of a stage from arriving", async () => {
    const flood = ({ records }: FrameDraft): undefined => {
      if (!records.some((record) => record.kind === "transition" && record.to === "drained")) return;
      for (let i = 0; i < 1_000; i++) run.handle.stopGraceful({ reason: "flood" });
    };
    const run = await opened(
      flow("flooded", (f) => f.source("numbers", [1]).sink("out", () => undefined)),
      {
        configuration: { flow: { "control.capacityEvents": 1 } },
        tap: (log) => tapLog(log, { before: flood }),
      },
    );
    const report = await run.run();
    expect(report).toMatchObject({ status: "cancelled", reason: "flood" });
    expect(run.clock.now()).toBe(run.manifest.createdAtMs);
    await ended(run, report);
  });

  it("lets nothing more on record of a stage that was left behind, even if it comes back before the seal is safe", async () => {
    let comeBack: () => void = () => undefined;
    const run = await opened(
      flow("late", (f) =>
        f.source("numbers", [1]).sink("out", () => new Promise<void>((resolve) => (comeBack = resolve))),
      ),
      {
        tap: (log) => {
          const tapped = tapLog(log, { before: ({ records }) => void (records[0]?.kind === "seal" && comeBack()) });
          const slowToClose = async (): Promise<void> => {
            for (let i = 0; i < 20; i++) await Promise.resolve();
            await log.close();
          };
          return Object.assign(tapped, { close: slowToClose });
        },
      },
    );
    const report = run.run();
    await run.clock.idle();
    run.handle.stopGraceful({ timeoutMs: 10 });
    await settle(run.clock, 10);
    await settle(run.clock, 100);
    expect((await report).abandoned).toEqual(["out"]);
    await ended(run, await report);
  });

  it("keeps its first deadline and its first reason", async () => {
    const run = await opened(stuck());
    const report = run.run();
    await run.clock.idle();
    run.handle.stopGraceful({ timeoutMs: 1_000, reason: "first" });
    await settle(run.clock, 900);
    run.handle.stopGraceful({ timeoutMs: 50_000, reason: "second" });
    await settle(run.clock, 100);
    expect(run.handle.state.kind).toBe("cancelled");
    await settle(run.clock, 100);
    expect((await report).reason).toBe("stop_timeout (first)");
    await ended(run, await report);
  });

  it("is beaten by a cancel, which keeps the first reason and is not softened by another", async () => {
    const tap = new Tap();
    const gate = new EdgeGate({ from: "doubled", to: "out" });
    const run = await opened(tapped(tap), { gates: [gate] });
    const report = run.run();
    tap.give(5);
    await run.clock.idle();
    run.handle.stopGraceful({ reason: "softly" });
    await run.clock.idle();
    expect(run.handle.isRunning).toBe(true);
    run.handle.stopCancel("hard");
    run.handle.stopGraceful({ reason: "softly again" });
    expect(await report).toMatchObject({ status: "cancelled", reason: "softly" });
    const recorded = await run.recorded();
    expect(recorded.recordsOf("numbers", "end")).toMatchObject([{ end: "truncated" }]);
    expect(recorded.recordsOf("doubled", "end")).toEqual([]);
    await ended(run, await report);
  });

  it("of a flow that has come to its sources' end anyway still ends as cancelled", async () => {
    let settleWrite: () => void = () => undefined;
    const run = await opened(
      flow("ending", (f) =>
        f.source("numbers", [1]).sink("out", () => new Promise<void>((resolve) => (settleWrite = resolve))),
      ),
    );
    const report = run.run();
    await run.clock.idle();
    expect(run.handle.state.kind).toBe("draining");
    run.handle.stopGraceful({ reason: "bye" });
    await run.clock.idle();
    settleWrite();
    expect(await report).toMatchObject({ status: "cancelled", reason: "bye" });
    expect((await run.recorded()).recordsOf("numbers", "end")).toMatchObject([{ end: "natural" }]);
    await ended(run, await report);
  });

  it("reports the throw of a source that it drains", async () => {
    const gate = new EdgeGate({ from: "numbers", to: "out", credit: 1 });
    const run = await opened(
      flow("throwing", (f) =>
        f
          .source("numbers", async function* () {
            yield 1;
            await Promise.resolve();
            throw new Error("gone");
          })
          .sink("out", () => undefined),
      ),
      { gates: [gate] },
    );
    const report = run.run();
    await run.clock.idle();
    run.handle.stopGraceful();
    await run.clock.idle();
    gate.open();
    expect(await report).toMatchObject({ status: "failed", fault: { code: "source-threw", stage: "numbers" } });
    await ended(run, await report);
  });

  it("is what shutdown waits for", async () => {
    const tap = new Tap();
    const run = await opened(tapped(tap));
    void run.run();
    tap.give(2);
    await run.clock.idle();
    expect(await run.handle.shutdown({ reason: "night" })).toMatchObject({ status: "cancelled", reason: "night" });
    expect(await run.handle.shutdown()).toBe(await run.run());
    await ended(run, await run.run());
  });
});

describe("a stop in any state", () => {
  const STATES = ["materializing", "materialized", "ready", "running", "source-completed", "draining"] as const;
  for (const [how, stop] of [
    ["cancel", (run: FlowRun) => run.handle.stop("enough")],
    ["graceful stop", (run: FlowRun) => run.handle.stopGraceful({ reason: "enough" })],
    ["abort", (run: FlowRun) => run.handle.abort("enough")],
  ] as const) {
    for (const at of STATES) {
      it(`ends the run, by a ${how} when it is ${at}`, async () => {
        const run = await opened(
          flow("counting", (f) =>
            f
              .source("numbers", [1, 2, 3])
              .map("doubled", (n) => 2 * n)
              .sink("out", () => undefined),
          ),
        );
        let told = 0;
        run.handle.watch(({ kind }: PipelineState) => {
          if (kind === at && told++ === 0) stop(run);
        });
        const report = await run.run();
        expect(told).toBeGreaterThan(0);
        expect(report.status).toBe(how === "abort" ? "failed" : "cancelled");
        expect(report.reason).toBe(how === "abort" ? "aborted: enough" : "enough");
        await ended(run, report);
      });
    }

    it(`ends the run, by a ${how} before it has begun, and does nothing after its end`, async () => {
      const run = await opened(tapped(new Tap()));
      expect(run.handle.isRunning).toBe(false);
      stop(run);
      expect(run.handle.isRunning).toBe(true);
      const report = await run.run();
      expect(report.status).toBe(how === "abort" ? "failed" : "cancelled");
      const { frames } = await run.recorded();
      stop(run);
      await run.clock.idle();
      expect((await run.recorded()).frames).toHaveLength(frames.length);
      expect(run.handle.state.kind).toBe(how === "abort" ? "failed" : "cancelled");
      await ended(run, report);
    });
  }
});

describe("a failure", () => {
  it("of a stage before the start fails the run, and no source is opened", async () => {
    let openedSources = 0;
    const run = await opened(
      flow("no-sink", (f) =>
        f
          .source("numbers", () => {
            openedSources++;
            return [1];
          })
          .sink("out", {
            guarantee: "at-least-once",
            describe: () => "none",
            open: () => Promise.reject(new Error("no such place")),
          }),
      ),
    );
    await run.handle.start();
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { code: "sink-threw", stage: "out" } });
    expect(openedSources).toBe(0);
    await ended(run, report);
  });

  it("poisons what is downstream of it, and ends everything else", async () => {
    const run = await opened(
      flow("poisoned", (f) => {
        const numbers = f.source("numbers", function* () {
          for (let n = 0; ; n++) yield n;
        });
        numbers
          .map("picky", (n) => {
            if (n === 7) throw new Error("not seven");
            return n;
          })
          .sink("out", () => undefined);
        numbers.sink("other", () => undefined);
      }),
    );
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { stage: "picky", input: "numbers:10" } });
    const recorded = await run.recorded();
    expect(recorded.recordsOf("picky", "end")).toMatchObject([{ end: "poison", counts: [{ count: 7 }] }]);
    expect(recorded.payloads("picky")).toEqual([0, 1, 2, 3, 4, 5, 6]);
    await ended(run, report);
  });

  it("by abort names the reason, and is bounded in time although a stage does not come back", async () => {
    const run = await opened(stuck(), { configuration: { flow: { "shutdown.timeoutMs": 2_000 } } });
    const report = run.run();
    await run.clock.idle();
    run.handle.abort("the house is on fire");
    await settle(run.clock, 2_000);
    expect(await report).toMatchObject({
      status: "failed",
      fault: { stage: "system", message: "aborted: the house is on fire" },
      abandoned: ["out"],
    });
    await ended(run, await report);
  });
});
