import { describe, expect, it } from "vitest";

import { MAX_FRAME_RECORDS } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, ManualClock, replayFlow, runFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import type { HandlerContext } from "./handler-context.ts";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe("a step", () => {
  it("goes on record in one frame: what it took, then what came of it", async () => {
    const { recorded } = await runFlow(
      flow("words", (f) =>
        f
          .source("lines", ["a b", "", "c"])
          .flatMap("words", (line) => line.split(" ").filter((word) => word !== ""))
          .sink("out", () => undefined),
      ),
      { store: memoryStore() },
    );
    const [step] = recorded.framesOf("words").filter(({ records }) => records.some(({ kind }) => kind === "data"));
    const first = recorded.framesOf("lines").find(({ records }) => records[0]?.kind === "data")?.firstSeq as number;
    const source = { originLane: 1, type: 1 };
    expect(step?.records).toEqual([
      { kind: "consumed", spans: [{ lane: 1, first, last: first + 2 }] },
      { kind: "data", ...source, originSeq: first, cause: 0, payload: "a" },
      { kind: "data", ...source, originSeq: first, cause: 0, payload: "b" },
      { kind: "data", ...source, originSeq: first + 2, cause: 2, payload: "c" },
    ]);
  });

  for (const [outputs, what] of [
    [MAX_FRAME_RECORDS - 1, "just fills one frame"],
    [MAX_FRAME_RECORDS, "is one record too many for a frame"],
    [3 * MAX_FRAME_RECORDS, "needs several frames"],
  ] as const) {
    it(`that ${what} is on record with its input taken once, delivered in order, and verified`, async () => {
      const seen: number[] = [];
      const described = flow("many", (f) =>
        f
          .source("counts", [1, outputs, 2])
          .flatMap("numbers", range)
          .sink("out", (n) => void seen.push(n)),
      );
      const store = memoryStore();
      const run = await FlowRun.open(described, { store });
      expect((await run.run()).status).toBe("completed");
      expect(seen.length).toBe(outputs + 3);
      expect(seen.slice(0, outputs + 1)).toEqual([0, ...range(outputs)]);
      const recorded = await run.recorded();
      const steps = recorded.framesOf("numbers").filter(({ records }) => records.some(({ kind }) => kind === "data"));
      for (const { count } of steps) expect(count).toBeLessThanOrEqual(MAX_FRAME_RECORDS);
      expect(recorded.recordsOf("numbers", "end")).toMatchObject([{ counts: [{ count: outputs + 3 }] }]);
      const first = await replayFlow(described, { store, into: 2 });
      expect(first.report).toMatchObject({ verdict: "matched", uncertified: [] });
      expect(first.recorded.payloads("numbers").length).toBe(outputs + 3);
      const second = await replayFlow(described, { store, number: 2, into: 3 });
      expect(second.report).toMatchObject({ verdict: "matched", uncertified: [] });
    });
  }

  it("that takes more bytes than a frame holds is split as well", async () => {
    const megabyte = "x".repeat(1024 * 1024);
    const described = flow("large", (f) =>
      f
        .source("counts", [20])
        .flatMap("texts", (count) => range(count).map((i) => `${i} ${megabyte}`))
        .sink("out", () => undefined),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    checkRecord(recorded, run.definition);
    expect(recorded.payloads("texts")).toHaveLength(20);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });
});

/** A clock that goes on with every look at it. */
class TickingClock extends ManualClock {
  override now(): number {
    this.advance(7);
    return super.now();
  }
}

interface Told {
  readonly now: number;
  readonly random: readonly number[];
  readonly id: string;
}

describe("the context of a handler", () => {
  const telling = (each: (told: Told) => void, batched: boolean): Flow =>
    flow("telling", (f) =>
      f
        .source("numbers", batched ? range(600) : () => oneByOne(600))
        .map("told", (_, context): Told => {
          const told = { now: context.now, random: [context.random(), context.random()], id: context.id() };
          each(told);
          return told;
        })
        .sink("out", () => undefined),
    );

  it("tells the same of an input in a replay", async () => {
    const live: Told[] = [];
    const again: Told[] = [];
    const store = memoryStore();
    await runFlow(
      telling((told) => live.push(told), true),
      { store, clock: new TickingClock(1_000) },
    );
    const { report } = await replayFlow(
      telling((told) => again.push(told), true),
      { store },
    );
    expect(live).toHaveLength(600);
    expect(again).toEqual(live);
    expect(report.verdict).toBe("matched");
  });

  it("tells the time at which the input went on record, which is never ahead of it and never goes back", async () => {
    const live: Told[] = [];
    const { recorded } = await runFlow(
      telling((told) => live.push(told), true),
      { store: memoryStore(), clock: new TickingClock(1_000) },
    );
    const times = recorded
      .framesOf("numbers")
      .flatMap(({ timeMs, records }) => records.filter(({ kind }) => kind === "data").map(() => timeMs));
    expect(live.map(({ now }) => now)).toEqual(times);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBeGreaterThan(1);
  });

  it("gives randomness and ids that do not depend on how inputs were batched, and differ between inputs and runs", async () => {
    const told = async (batched: boolean, number: number): Promise<readonly Omit<Told, "now">[]> => {
      const live: Told[] = [];
      await runFlow(
        telling((one) => live.push(one), batched),
        { store: memoryStore(), number },
      );
      return live.map(({ random, id }) => ({ random, id }));
    };
    const inBatches = await told(true, 1);
    expect(await told(false, 1)).toEqual(inBatches);
    const numbers = inBatches.flatMap(({ random }) => random);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers) expect(number >= 0 && number < 1).toBe(true);
    expect(new Set(inBatches.map(({ id }) => id)).size).toBe(600);
    for (const { id } of inBatches) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(await told(true, 2)).not.toEqual(inBatches);
  });

  it("differs between stages that read the same input, and names the stage", async () => {
    const seen = new Map<string, number[]>();
    const note = (_: number, context: HandlerContext): number => {
      const numbers = seen.get(context.stage) ?? [];
      seen.set(context.stage, [...numbers, context.random()]);
      return 0;
    };
    await runFlow(
      flow("two", (f) => {
        const numbers = f.source("numbers", [1, 2, 3]);
        numbers.map("left", note).sink("left-out", () => undefined);
        numbers.map("right", note).sink("right-out", () => undefined);
      }),
      { store: memoryStore() },
    );
    expect([...seen.keys()].sort()).toEqual(["left", "right"]);
    expect(seen.get("left")).not.toEqual(seen.get("right"));
  });

  it("keeps looking the same to the eye: its numbers are spread evenly", async () => {
    const live: Told[] = [];
    await runFlow(
      telling((told) => live.push(told), true),
      { store: memoryStore() },
    );
    const numbers = live.flatMap(({ random }) => random);
    const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});

async function* oneByOne(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    for (let wait = 0; wait < 20; wait++) await Promise.resolve();
    yield i;
  }
}
