import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { runFlow } from "@refold/testkit";

import { flow, type FlowBuilder } from "./flow.ts";
import { groupBy } from "./group-by.ts";
import { onEnd } from "./schedule.ts";
import type { Stream } from "./stream.ts";

/** What a stage called "out" emits when it reads the items of a source. */
async function outputsOf<T>(
  items: readonly T[],
  out: (input: Stream<T>, f: FlowBuilder) => Stream<unknown>,
): Promise<unknown> {
  const delivered: unknown[] = [];
  const described = flow("one-stage", (f) => {
    out(f.source("items", items), f).sink("delivered", (item) => void delivered.push(item));
  });
  const { report, recorded } = await runFlow(described, { store: memoryStore() });
  expect(report.status).toBe("completed");
  expect(recorded.payloads("out")).toEqual(delivered);
  return delivered;
}

describe("a stream", () => {
  it("maps each item to one", async () => {
    expect(await outputsOf([1, 2, 3], (s) => s.map("out", (n) => n * 10))).toEqual([10, 20, 30]);
  });

  it("keeps undefined, null and false as outputs like any other", async () => {
    const values = [undefined, null, false, 0, ""];
    expect(await outputsOf([0, 1, 2, 3, 4], (s) => s.map("out", (n) => values[n]))).toEqual(values);
  });

  it("filters by a predicate", async () => {
    expect(await outputsOf([1, 2, 3, 4], (s) => s.filter("out", (n) => n % 2 === 0))).toEqual([2, 4]);
  });

  it("makes any number of items of one: of arrays, generators and sets", async () => {
    expect(await outputsOf([0, 1, 2], (s) => s.flatMap("out", (n) => Array<number>(n).fill(n)))).toEqual([1, 2, 2]);
    const counted = (s: Stream<number>): Stream<number> =>
      s.flatMap("out", function* (n) {
        for (let i = 0; i < n; i++) yield i;
      });
    expect(await outputsOf([2, 0, 1], counted)).toEqual([0, 1, 0]);
    expect(await outputsOf([5], (s) => s.flatMap("out", (n) => new Set([n, n, n + 1])))).toEqual([5, 6]);
  });

  it("gives outputs one by one through emit", async () => {
    const out = (s: Stream<string>): Stream<string> =>
      s.transform("out", (line, emit) => {
        for (const word of line.split(" ")) if (word !== "") emit(word);
      });
    expect(await outputsOf(["a b", "", "c"], out)).toEqual(["a", "b", "c"]);
  });

  it("folds its items and projects the state once, when they have ended", async () => {
    const sum = (s: Stream<number>): Stream<number> =>
      s.stateful("out", { initial: () => 0, fold: (a, b) => a + b, project: (total) => [total], emit: onEnd() });
    expect(await outputsOf([1, 2, 3], sum)).toEqual([6]);
    expect(await outputsOf([], sum)).toEqual([0]);
  });

  it("groups by a key, in the order in which keys came first, told apart as those of a Map", async () => {
    const counts = (s: Stream<unknown>): Stream<{ key: unknown; value: number }> =>
      s.stateful("out", groupBy({ key: (item) => item, initial: () => 0, fold: (n) => n + 1, emit: onEnd() }));
    expect(await outputsOf(["b", "a", "b", 1, "1", Number.NaN, Number.NaN], counts)).toEqual([
      { key: "b", value: 2 },
      { key: "a", value: 1 },
      { key: 1, value: 1 },
      { key: "1", value: 1 },
      { key: Number.NaN, value: 2 },
    ]);
  });

  it("keeps a group whose value is undefined", async () => {
    const last = (s: Stream<number>): Stream<unknown> =>
      s.stateful(
        "out",
        groupBy({
          key: (n) => n % 2,
          initial: (): number | undefined => -1,
          fold: (value) => (value === undefined ? 1 : undefined),
          emit: onEnd(),
        }),
      );
    expect(await outputsOf([1, 1, 1, 2], last)).toEqual([
      { key: 1, value: undefined },
      { key: 0, value: undefined },
    ]);
  });

  it("shows both readers every record when it is used twice", async () => {
    const left: number[] = [];
    const right: number[] = [];
    const described = flow("fan-out", (f) => {
      const numbers = f.source("numbers", [1, 2, 3]);
      numbers.sink("left", (n) => void left.push(n));
      numbers.sink("right", (n) => void right.push(n));
    });
    await runFlow(described, { store: memoryStore() });
    expect(left).toEqual([1, 2, 3]);
    expect(right).toEqual([1, 2, 3]);
  });

  it("merges streams, and takes a stream that is named twice once", async () => {
    const seen: (number | string)[] = [];
    const described = flow("merge", (f) => {
      const numbers = f.source("numbers", [1, 2]);
      f.merge(numbers, f.source("words", ["a"]), numbers).sink("seen", (item) => void seen.push(item));
    });
    await runFlow(described, { store: memoryStore() });
    expect(seen).toHaveLength(3);
    expect(new Set(seen)).toEqual(new Set([1, 2, "a"]));
  });

  it("delivers to a function whatever it returns, where it is no promise", async () => {
    const seen: number[] = [];
    const push = ((n) => seen.push(n)) as (n: number) => void;
    const described = flow("pushing", (f) => f.source("numbers", [1, 2, 3]).sink("seen", push));
    const { recorded } = await runFlow(described, { store: memoryStore() });
    expect(seen).toEqual([1, 2, 3]);
    expect(recorded.recordsOf("seen", "receipt")).toMatchObject([{ count: 3 }]);
  });

  it("delivers to an asynchronous function one item after the other", async () => {
    const log: string[] = [];
    const described = flow("async-sink", (f) => {
      f.source("numbers", [1, 2, 3]).sink("slow", async (n) => {
        log.push(`begin ${n}`);
        await Promise.resolve();
        log.push(`end ${n}`);
      });
    });
    await runFlow(described, { store: memoryStore() });
    expect(log).toEqual(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
  });

  it("runs the same definition any number of times, each run with a state of its own", async () => {
    const seen: number[] = [];
    const described = flow("twice", (f) => {
      f.source("numbers", () => [1, 2, 3])
        .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (total) => [total], emit: onEnd() })
        .sink("seen", (n) => void seen.push(n));
    });
    const store = memoryStore();
    await runFlow(described, { store, number: 1 });
    await runFlow(described, { store, number: 2 });
    expect(seen).toEqual([6, 6]);
  });
});

describe("a source", () => {
  const read = async (items: Parameters<FlowBuilder["source"]>[1]): Promise<readonly unknown[]> => {
    const described = flow("read", (f) => f.source("items", items).sink("nothing", () => undefined));
    const { report, recorded } = await runFlow(described, { store: memoryStore() });
    expect(report).toMatchObject({ status: "completed", reason: undefined });
    return recorded.payloads("items");
  };

  it("reads iterables of every kind, given as they are or opened by a function, at once or later", async () => {
    expect(await read([1, 2])).toEqual([1, 2]);
    expect(await read(new Set(["a"]))).toEqual(["a"]);
    expect(await read(new Map([["k", 1]]))).toEqual([["k", 1]]);
    expect(await read(() => [3])).toEqual([3]);
    expect(await read(async () => [4])).toEqual([4]);
    expect(
      await read(function* () {
        yield 5;
      }),
    ).toEqual([5]);
  });

  it("reads async iterables to their end, in order, however many items they have", async () => {
    const many = async function* (): AsyncGenerator<number> {
      for (let i = 0; i < 1_000; i++) {
        if (i % 7 === 0) await Promise.resolve();
        yield i;
      }
    };
    expect(await read(many)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(await read(async () => many())).toHaveLength(1_000);
    expect(await read(async function* () {})).toEqual([]);
  });

  it("puts nothing but its end on record when it is empty", async () => {
    expect(await read([])).toEqual([]);
  });
});
