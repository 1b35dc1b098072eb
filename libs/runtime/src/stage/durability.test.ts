import { describe, expect, it } from "vitest";

import type { FrameDraft } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, tapLog } from "@refold/testkit";

import { flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";

describe("what is not yet safe", () => {
  it("is worked on by stages, and not shown to the world", async () => {
    const store = memoryStore({ holdSafety: true });
    const delivered: number[] = [];
    let mapped = 0;
    const described = flow("hold", (f) =>
      f
        .source("numbers", [1, 2, 3])
        .map("mapped", (n) => {
          mapped++;
          return n;
        })
        .sink("out", (n) => void delivered.push(n)),
    );
    const run = await FlowRun.open(described, { store, durability: "durable" });
    const ended = run.run();
    await run.clock.idle();
    expect(mapped).toBe(3);
    expect(delivered).toEqual([]);
    const before = await run.recorded();
    expect(before.payloads("mapped")).toEqual([1, 2, 3]);
    expect(before.recordsOf("out", "receipt")).toEqual([]);
    expect(before.moves("mapped").at(-1)).toBe("drained");
    store.release();
    await run.clock.idle();
    expect(delivered).toEqual([1, 2, 3]);
    expect((await run.recorded()).recordsOf("out", "receipt")).toHaveLength(1);
    expect(run.handle.state.kind).toBe("drained");
    let reported = false;
    void ended.then(() => (reported = true));
    await run.clock.idle();
    expect(reported).toBe(false);
    store.release();
    expect((await ended).status).toBe("completed");
  });

  it("is lost in a crash, and the world has seen none of it, at every frame", async () => {
    let most = 0;
    for (let rounds = 0; rounds < 12; rounds++) {
      const store = memoryStore({ holdSafety: true });
      const delivered: number[] = [];
      const described = flow("crash", (f) =>
        f
          .source("numbers", async function* () {
            for (let n = 0; n < 60; n++) {
              if (n % 10 === 0) for (let wait = 0; wait < 50; wait++) await Promise.resolve();
              yield n;
            }
          })
          .map("mapped", (n) => -n)
          .sink("out", (n) => void delivered.push(n)),
      );
      const run = await FlowRun.open(described, { store, durability: "durable" });
      // A process that has died does not come to an end.
      void run.run();
      for (let round = 0; round < rounds; round++) {
        for (let turn = 0; turn < 40; turn++) await Promise.resolve();
        store.release();
      }
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
      store.crash();
      const seen = delivered.length;
      const recorded = await run.recorded();
      expect(delivered).toEqual(recorded.payloads("mapped").slice(0, seen));
      most = Math.max(most, seen);
    }
    expect(most).toBeGreaterThan(0);
  });

  it("is seen by no other stage under strict", async () => {
    const store = memoryStore({ holdSafety: true });
    const safe = new Set<string>();
    const waiting: FrameDraft[] = [];
    const release = (): void => {
      for (const { lane, firstSeq, records } of waiting.splice(0)) {
        for (const index of records.keys()) safe.add(`${lane}:${firstSeq + index}`);
      }
      store.release();
    };
    const described = flow("strict", (f) => {
      const numbers = f.source("numbers", [1, 2, 3]);
      const doubled = numbers.map("doubled", (n) => 2 * n);
      f.merge(numbers, doubled)
        .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, {
      store,
      durability: "strict",
      tap: (log) =>
        tapLog(log, {
          before(frame) {
            for (const record of frame.records) {
              if (record.kind !== "consumed") continue;
              for (const { lane, first, last } of record.spans) {
                for (const seq of [first, last]) expect(safe, `${lane}:${seq}`).toContain(`${lane}:${seq}`);
              }
            }
            return undefined;
          },
          after: (frame) => void waiting.push(frame),
        }),
    });
    let ended = false;
    const report = run.run().finally(() => (ended = true));
    let rounds = 0;
    while (!ended) {
      expect(++rounds).toBeLessThan(200);
      await run.clock.idle();
      release();
    }
    expect(await report).toMatchObject({ status: "completed" });
    expect((await run.recorded()).payloads("sum")).toEqual([18]);
    expect(rounds).toBeGreaterThan(5);
  });
});
