import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Durability, StorageFault } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, tapLog } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";

const full: StorageFault = { kind: "storage", operation: "write", path: "a disk", cause: new Error("it is full") };

interface Resources {
  opened: number;
  closed: number;
  written: number;
}

/** A flow with every kind of stage; its source and its sink count how often they are opened and closed. */
function ordersFlow(source: Resources, sink: Resources): Flow {
  return flow("orders", (f) => {
    const numbers = f.source("numbers", async function* () {
      source.opened++;
      try {
        for (let i = 0; i < 40; i++) {
          if (i % 10 === 0) await Promise.resolve();
          yield i;
        }
      } finally {
        source.closed++;
      }
    });
    const even = numbers.filter("even", (n) => n % 2 === 0);
    even
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
      .sink("out", {
        guarantee: "at-least-once",
        describe: () => "counted",
        open() {
          sink.opened++;
          return { write: () => void sink.written++, close: () => void sink.closed++ };
        },
      });
  });
}

const rejections: unknown[] = [];
const note = (cause: unknown): void => void rejections.push(cause);
beforeEach(() => void process.on("unhandledRejection", note));
afterEach(() => void process.off("unhandledRejection", note));

const countOf = async (durability: Durability): Promise<number> => {
  let frames = 0;
  const nothing = { opened: 0, closed: 0, written: 0 };
  const run = await FlowRun.open(ordersFlow({ ...nothing }, { ...nothing }), {
    store: memoryStore(),
    durability,
    tap: (log) => tapLog(log, { after: () => void frames++ }),
  });
  expect((await run.run()).status).toBe("completed");
  return frames;
};

describe("when the log fails", () => {
  for (const durability of ["buffered", "durable", "strict"] as const) {
    it(`at any frame under ${durability}, the run ends as failed, gives back what it holds, and leaves a log that opens`, async () => {
      const frames = await countOf(durability);
      expect(frames).toBeGreaterThan(20);
      for (let failing = 0; failing < frames; failing++) {
        const store = memoryStore();
        const source = { opened: 0, closed: 0, written: 0 };
        const sink = { opened: 0, closed: 0, written: 0 };
        const run = await FlowRun.open(ordersFlow(source, sink), {
          store,
          durability,
          tap: (log) => tapLog(log, { before: (_, number) => (number >= failing ? full : undefined) }),
        });
        const report = await run.run();
        await run.clock.idle();
        expect(report).toMatchObject({ status: "failed", reason: "the log failed", logFault: full });
        expect(source.closed).toBe(source.opened);
        expect(sink.closed).toBe(sink.opened);
        const recorded = await run.recorded();
        expect(recorded.frames).toHaveLength(failing);
        if (failing > 0) checkRecord(recorded, run.definition);
        const replay = await replayFlow(ordersFlow(source, sink), { store });
        expect(replay.report).toMatchObject({ verdict: "uncertified", first: undefined });
        expect(replay.report.uncertified.join()).toMatch("no seal");
        run.handle.stop("too late");
        expect(await run.run()).toBe(report);
      }
      expect(rejections).toEqual([]);
    });

    it(`while frames wait to be safe under ${durability}, the run ends as failed`, async () => {
      for (let failing = 0; failing < 40; failing += 3) {
        const store = memoryStore({ holdSafety: true });
        const source = { opened: 0, closed: 0, written: 0 };
        const sink = { opened: 0, closed: 0, written: 0 };
        let appended = 0;
        const run = await FlowRun.open(ordersFlow(source, sink), {
          store,
          durability,
          tap: (log) => tapLog(log, { after: () => void appended++ }),
        });
        const report = run.run();
        for (let i = 0; i < failing; i++) {
          await run.clock.idle();
          store.release();
        }
        const before = appended;
        await run.clock.idle();
        const { written } = sink;
        store.fail(full.cause);
        const { status, logFault } = await report;
        await run.clock.idle();
        expect(status).toBe(logFault === undefined ? "completed" : "failed");
        if (logFault === undefined) expect(appended).toBe(before);
        expect(sink.written).toBe(written);
        expect(source.closed).toBe(source.opened);
        expect(sink.closed).toBe(sink.opened);
      }
      expect(rejections).toEqual([]);
    });
  }
});
