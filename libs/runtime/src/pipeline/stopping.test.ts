import { describe, expect, it } from "vitest";

import type { SinkWriter } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, tapLog } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";
import type { RunReport } from "../run-report.ts";
import { CANCEL_GRACE_MS } from "../stage/outside-calls.ts";

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

interface Counts {
  opened: number;
  closed: number;
}

/** A source without end, with a sink that counts. */
function endless(source: Counts, sink: Counts): Flow {
  return flow("endless", (f) => {
    const numbers = f.source("numbers", function* () {
      source.opened++;
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        source.closed++;
      }
    });
    const doubled = numbers.map("doubled", (n) => 2 * n);
    doubled.sink("out", {
      guarantee: "at-least-once",
      describe: () => "counting",
      open() {
        sink.opened++;
        return { write: () => undefined, close: () => void sink.closed++ };
      },
    });
    doubled
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
      .sink("summed", () => undefined);
  });
}

/** Holds what every cancelled run promises. */
async function cancelled(run: FlowRun, report: RunReport, reason: string): Promise<void> {
  expect(report).toMatchObject({ status: "cancelled", reason, fault: undefined, logFault: undefined });
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  expect(recorded.recordsOf("system", "seal")).toMatchObject([{ status: "cancelled", reason }]);
  expect(recorded.moves("system").at(-1)).toBe("cancelled");
  for (const { stage, state } of report.stages) expect(["drained", "cancelled", "created"], stage).toContain(state);
}

describe("stopping a run", () => {
  it("at any frame of it cancels it with the reason on record, and closes once what was opened", async () => {
    for (let at = 0; at < 45; at++) {
      const source = { opened: 0, closed: 0 };
      const sink = { opened: 0, closed: 0 };
      const store = memoryStore();
      const run = await FlowRun.open(endless(source, sink), {
        store,
        tap: (log) => tapLog(log, { after: (_, number) => void (number === at && run.handle.stop("enough")) }),
      });
      await cancelled(run, await run.run(), "enough");
      expect(source.closed).toBe(source.opened);
      expect(sink.closed).toBe(sink.opened);
      const replay = await replayFlow(endless(source, sink), { store });
      expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
    }
  });

  it("before it has begun opens nothing", async () => {
    const source = { opened: 0, closed: 0 };
    const sink = { opened: 0, closed: 0 };
    const run = await FlowRun.open(endless(source, sink), { store: memoryStore() });
    run.handle.stop("not today");
    await cancelled(run, await run.run(), "not today");
    expect([source, sink]).toEqual([
      { opened: 0, closed: 0 },
      { opened: 0, closed: 0 },
    ]);
  });

  it("when it is ready, before its sources are started, reads nothing", async () => {
    const source = { opened: 0, closed: 0 };
    const sink = { opened: 0, closed: 0 };
    const run = await FlowRun.open(endless(source, sink), { store: memoryStore() });
    await run.handle.start();
    expect(run.handle.state.kind).toBe("ready");
    run.handle.stop("not today");
    await cancelled(run, await run.run(), "not today");
    expect(source).toEqual({ opened: 0, closed: 0 });
    expect(sink).toEqual({ opened: 1, closed: 1 });
  });

  it("twice keeps the first reason, and after the end changes nothing", async () => {
    const counts = { opened: 0, closed: 0 };
    const run = await FlowRun.open(endless(counts, counts), { store: memoryStore() });
    run.handle.watch(({ kind }) => {
      if (kind !== "running") return;
      run.handle.stop("the first");
      run.handle.stop("the second");
    });
    const report = await run.run();
    await cancelled(run, report, "the first");
    const { frames } = await run.recorded();
    run.handle.stop("the third");
    await run.clock.idle();
    expect(await run.run()).toBe(report);
    expect((await run.recorded()).frames).toHaveLength(frames.length);
  });

  it("ends a source that waits for ever, and tells it to close", async () => {
    const told: string[] = [];
    const waiting = {
      [Symbol.asyncIterator]: () => ({
        next: () => never<IteratorResult<number>>(),
        return: async () => {
          told.push("return");
          return { done: true as const, value: undefined };
        },
      }),
    };
    const generator = async function* (): AsyncGenerator<number> {
      yield 1;
      yield await never<number>();
    };
    for (const items of [waiting, generator]) {
      const run = await FlowRun.open(
        flow("waiting", (f) => f.source<number>("numbers", items).sink("out", () => undefined)),
        { store: memoryStore() },
      );
      const ended = run.run();
      await run.clock.idle();
      run.handle.stop("no use in waiting");
      await cancelled(run, await ended, "no use in waiting");
    }
    expect(told).toEqual(["return"]);
  });

  it("waits for a call to the outside that is under way, and its receipt goes on record", async () => {
    let settle: () => void = () => undefined;
    const calls: string[] = [];
    const run = await FlowRun.open(
      flow("slow", (f) =>
        f.source("numbers", [1, 2]).sink("out", {
          guarantee: "at-least-once",
          describe: () => "slow",
          open: () => ({
            write: () => new Promise((resolve) => (settle = resolve)),
            close: () => void calls.push("close"),
          }),
        }),
      ),
      { store: memoryStore() },
    );
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop("enough");
    await run.clock.idle();
    run.clock.advance(CANCEL_GRACE_MS - 1);
    await run.clock.idle();
    expect(calls).toEqual([]);
    settle();
    await cancelled(run, await ended, "enough");
    expect(calls).toEqual(["close"]);
    expect(run.clock.timers).toBe(0);
    expect((await run.recorded()).recordsOf("out", "receipt")).toMatchObject([{ count: 2 }]);
  });

  for (const method of ["open", "write", "flush", "close"] as const) {
    it(`gives up a sink whose ${method} does not come back within its grace, and closes it if it comes back after all`, async () => {
      const calls: string[] = [];
      let settle: () => void = () => undefined;
      const call = (name: string): Promise<void> => {
        calls.push(name);
        return name === method ? new Promise((resolve) => (settle = resolve)) : Promise.resolve();
      };
      const writer: SinkWriter<number> = {
        write: () => call("write"),
        flush: () => call("flush"),
        close: () => call("close"),
      };
      const run = await FlowRun.open(
        flow("stuck", (f) =>
          f.source("numbers", [1, 2]).sink("out", {
            guarantee: "at-least-once",
            describe: () => "stuck",
            open: () => call("open").then(() => writer),
          }),
        ),
        { store: memoryStore() },
      );
      const ended = run.run();
      await run.clock.idle();
      expect(calls.at(-1)).toBe(method);
      const before = [...calls];
      run.handle.stop("no use in waiting");
      await run.clock.idle();
      run.clock.advance(CANCEL_GRACE_MS);
      await cancelled(run, await ended, "no use in waiting");
      expect(run.clock.timers).toBe(0);
      expect(calls).toEqual(before);
      settle();
      await run.clock.idle();
      expect(calls).toEqual(method === "close" ? before : [...before, "close"]);
    });
  }

  for (const end of ["cancelled", "failed"] as const) {
    it(`gives up a sink that does not close when its run is ${end}`, async () => {
      let closings = 0;
      const run = await FlowRun.open(
        flow("stuck", (f) =>
          f
            .source("numbers", async function* () {
              yield 1;
              yield await never<number>();
            })
            .map("broken", (n) => {
              if (end === "failed") throw new Error("broken");
              return n;
            })
            .sink("out", {
              guarantee: "at-least-once",
              describe: () => "stuck",
              open: () => ({
                write: () => undefined,
                close() {
                  closings++;
                  return never<void>();
                },
              }),
            }),
        ),
        { store: memoryStore() },
      );
      const ended = run.run();
      await run.clock.idle();
      run.handle.stop("enough");
      await run.clock.idle();
      run.clock.advance(CANCEL_GRACE_MS);
      expect((await ended).status).toBe(end);
      expect(closings).toBe(1);
    });
  }

  it("gives up a source whose opening does not come back within its grace, and closes it if it comes back after all", async () => {
    let settle: (items: Iterable<number>) => void = () => undefined;
    let closed = 0;
    const run = await FlowRun.open(
      flow("stuck", (f) =>
        f.source<number>("numbers", () => new Promise((resolve) => (settle = resolve))).sink("out", () => undefined),
      ),
      { store: memoryStore() },
    );
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop("no use in waiting");
    await run.clock.idle();
    run.clock.advance(CANCEL_GRACE_MS);
    await cancelled(run, await ended, "no use in waiting");
    settle({
      [Symbol.iterator]: () => ({
        next: () => ({ done: true, value: undefined }),
        return: () => ({ done: true, value: void closed++ }),
      }),
    });
    await run.clock.idle();
    expect(closed).toBe(1);
  });
});
