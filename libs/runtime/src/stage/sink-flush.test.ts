import { describe, expect, it } from "vitest";

import type { FlushPolicy, SinkConnector } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun } from "@refold/testkit";

import { connector, delivered, numbersTo } from "../../test/sink-under-test.ts";
import { flow } from "../authoring/flow.ts";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** Tells of its calls: how many items were written, and what else was called. */
const telling = (calls: (number | string)[], policy?: FlushPolicy): SinkConnector<number> =>
  connector(
    () => ({
      write: ({ items }) => void calls.push(items.length),
      flush: () => void calls.push("flush"),
      drain: () => void calls.push("drain"),
      close: () => void calls.push("close"),
    }),
    policy,
  );

describe("a sink is flushed", () => {
  it("at the end of its input, then drained, then closed", async () => {
    for (const items of [[], [1, 2, 3]]) {
      const calls: (number | string)[] = [];
      await delivered(numbersTo(items, telling(calls)));
      expect(calls).toEqual([...(items.length === 0 ? [] : [3]), "flush", "drain", "close"]);
    }
  });

  it("after so many items, which no batch goes beyond", async () => {
    const calls: (number | string)[] = [];
    await delivered(numbersTo(range(10), telling(calls, { everyItems: 4 })));
    expect(calls).toEqual([4, "flush", 4, "flush", 2, "flush", "drain", "close"]);
    calls.length = 0;
    await delivered(numbersTo(range(10), telling(calls, { everyItems: 4 })), { flow: { "sink.batchInputs": 3 } });
    expect(calls).toEqual([3, 1, "flush", 3, 1, "flush", 2, "flush", "drain", "close"]);
  });

  it("as the options of the stage say, whatever its connector does", async () => {
    const calls: (number | string)[] = [];
    await delivered(numbersTo(range(4), telling(calls, { everyItems: 1 }), { flush: { everyItems: 3 } }));
    expect(calls).toEqual([3, "flush", 1, "flush", "drain", "close"]);
    calls.length = 0;
    await delivered(numbersTo(range(4), telling(calls, { everyItems: 1 }), { flush: {} }));
    expect(calls).toEqual([4, "flush", "drain", "close"]);
  });

  it("some time after the first item that was written since, without anything else happening", async () => {
    const calls: (number | string)[] = [];
    let give: (n: number | undefined) => void = () => undefined;
    const described = flow("timed", (f) =>
      f
        .source("numbers", async function* () {
          for (;;) {
            const next = await new Promise<number | undefined>((resolve) => (give = resolve));
            if (next === undefined) return;
            yield next;
          }
        })
        .sink("out", telling(calls, { everyMs: 100 })),
    );
    const run = await FlowRun.open(described, {
      store: memoryStore(),
      configuration: { flow: { "metrics.enabled": false } },
    });
    const ended = run.run();
    const pass = async (ms: number): Promise<void> => {
      run.clock.advance(ms);
      await run.clock.idle();
    };
    await run.clock.idle();
    await pass(1000);
    expect(calls).toEqual([]);
    give(1);
    await run.clock.idle();
    await pass(60);
    give(2);
    await run.clock.idle();
    await pass(39);
    expect(calls).toEqual([1, 1]);
    await pass(1);
    expect(calls).toEqual([1, 1, "flush"]);
    await pass(1000);
    expect(calls).toEqual([1, 1, "flush"]);
    give(3);
    await run.clock.idle();
    await pass(99);
    give(undefined);
    expect((await ended).status).toBe("completed");
    expect(calls).toEqual([1, 1, "flush", 1, "flush", "drain", "close"]);
    expect(run.clock.timers).toBe(0);
  });

  it("by a policy that makes sense, or cannot be built", () => {
    for (const [flush, what] of [
      [{ everyItems: 0 }, ["everyItems"]],
      [{ everyItems: 1.5, everyMs: 0 }, ["everyItems", "everyMs"]],
      [{ everyMs: Number.NaN }, ["everyMs"]],
      [{ everyMs: 2 ** 31 }, ["everyMs"]],
      [{ everyItems: "10" as never }, ["everyItems"]],
    ] as const) {
      for (const described of [numbersTo([], telling([], flush)), numbersTo([], telling([]), { flush })]) {
        expect(described.build()._unsafeUnwrapErr()).toMatchObject(
          what.map((each) => ({ kind: "bad-flush-policy", stage: "out", what: each })),
        );
      }
    }
  });

  it("and a drain that throws fails its stage, and closes it", async () => {
    const calls: string[] = [];
    const { report } = await delivered(
      numbersTo(
        [1],
        connector(() => ({
          write: () => undefined,
          drain: () => Promise.reject(new Error("no drain")),
          close: () => void calls.push("close"),
        })),
      ),
    );
    expect(report.fault).toMatchObject({ code: "sink-threw", message: "Error: no drain" });
    expect(calls).toEqual(["close"]);
  });
});
