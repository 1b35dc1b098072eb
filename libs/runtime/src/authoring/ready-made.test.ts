import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataRecord, Span } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { explainFlowFault } from "../definition/flow-fault.ts";
import { conflate } from "./conflate.ts";
import { count } from "./count.ts";
import { distinct } from "./distinct.ts";
import { flow, type Flow } from "./flow.ts";
import { groupBy } from "./group-by.ts";
import type { Key } from "./key.ts";
import type { Synchronous } from "./pure-handler.ts";
import { reduce } from "./reduce.ts";
import { always, everyN, onEnd, type Schedule } from "./schedule.ts";
import type { StatefulSpec } from "./stateful-spec.ts";
import { topNBy } from "./top-n-by.ts";
import { topN } from "./top-n.ts";

const flowOf = <I, S, O>(items: readonly I[], spec: StatefulSpec<I, S, O>): Flow =>
  flow("ready-made", (f) =>
    f
      .source("items", items)
      // No state here is a promise, which a state of any type might be.
      .stateful("out", spec as StatefulSpec<I, S, O> & Synchronous<S>)
      .sink("end", () => undefined),
  );

/** What a spec emits over some items. Its record is checked, and a replay of it has to match. */
async function emitted<I, S, O>(items: readonly I[], spec: StatefulSpec<I, S, O>): Promise<readonly unknown[]> {
  const store = memoryStore();
  const run = await FlowRun.open(flowOf(items, spec), { store });
  expect((await run.run()).status).toBe("completed");
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  const { report } = await replayFlow(flowOf(items, spec), { store });
  expect(report).toMatchObject({ verdict: "matched", first: undefined });
  return recorded.payloads("out");
}

/** Which items each output came of, by their numbers from 0: the first and the last of them. */
async function causesOf<I, S, O>(items: readonly I[], spec: StatefulSpec<I, S, O>): Promise<readonly unknown[]> {
  const { recorded } = await runFlow(flowOf(items, spec), { store: memoryStore() });
  const first = recorded.records("items").findIndex(({ kind }) => kind === "data");
  return recorded
    .recordsOf("out", "data")
    .map(({ cause }: DataRecord) => (cause as readonly Span[]).map((s) => [s.first, s.last]))
    .map((spans) => spans.flat().map((seq) => seq - first));
}

async function failureOf<I, S, O>(items: readonly I[], spec: StatefulSpec<I, S, O>): Promise<string> {
  const { report } = await runFlow(flowOf(items, spec), { store: memoryStore() });
  expect(report.status).toBe("failed");
  return report.fault?.message ?? "";
}

const problems = <I, S, O>(spec: StatefulSpec<I, S, O>): readonly string[] =>
  flowOf([], spec)
    .build()
    .match(
      () => [],
      (faults) => faults.map(explainFlowFault),
    );

interface Score {
  readonly player: string;
  readonly points: number;
}
const scores: readonly Score[] = [
  { player: "ann", points: 3 },
  { player: "bob", points: 5 },
  { player: "cid", points: 5 },
  { player: "bob", points: 1 },
  { player: "ann", points: 4 },
];
const player = (score: Score): string => score.player;
const points = (score: Score): number => score.points;
const latin = fc.array(
  fc.record({ player: fc.constantFrom("a", "b", "c", "d"), points: fc.integer({ min: -3, max: 3 }) }),
);
const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constant(onEnd()),
  fc.record({ n: fc.integer({ min: 1, max: 7 }), atEnd: fc.boolean() }).map(({ n, atEnd }) => everyN(n, { atEnd })),
);

/** The items that were there at each emission. */
function emissions<T>(items: readonly T[], schedule: Schedule): readonly (readonly T[])[] {
  const all: (readonly T[])[] = [];
  if (schedule.kind === "every") {
    for (let to = schedule.inputs; to <= items.length; to += schedule.inputs) all.push(items.slice(0, to));
    if (schedule.atEnd && items.length % schedule.inputs > 0) all.push(items);
  } else if (schedule.kind === "on-end") all.push(items);
  return all;
}

describe("reduce", () => {
  it("begins with what `initial` gives, and emits that of no inputs", async () => {
    const longest = (emit: Schedule): ReturnType<typeof reduce<Score, number>> =>
      reduce({ initial: () => 0, fold: (most, { points }: Score) => Math.max(most, points), emit });
    expect(await emitted(scores, longest(always()))).toEqual([3, 5, 5, 5, 5]);
    expect(await emitted([], longest(onEnd()))).toEqual([0]);
  });

  it("begins with the first input where there is no `initial`, and then has nothing to emit of no inputs", async () => {
    const sum = reduce<number>({ fold: (a, b) => a - b, emit: onEnd() });
    expect(await emitted([10, 1, 2], sum)).toEqual([7]);
    expect(await emitted([], sum)).toEqual([]);
  });

  it("keeps undefined as a value like any other", async () => {
    const last = reduce<number | undefined>({ fold: (_, input) => input, emit: always() });
    expect(await emitted([undefined, 1, undefined], last)).toEqual([undefined, 1, undefined]);
  });
});

describe("conflate", () => {
  it("emits the latest input of each key that had one since the last emission, in the order in which these came first", async () => {
    const latest = (emit: Schedule): ReturnType<typeof conflate<Score, string>> => conflate({ key: player, emit });
    const [, bob, cid, bobAgain, annAgain] = scores;
    expect(await emitted(scores, latest(onEnd()))).toEqual([annAgain, bobAgain, cid]);
    expect(await emitted(scores, latest(always()))).toEqual(scores);
    expect(await emitted(scores, latest(everyN(3)))).toEqual([scores[0], bob, cid, bobAgain, annAgain]);
    expect(await emitted([...scores, ...scores.slice(3)], latest(everyN(5, { atEnd: false })))).toEqual([
      annAgain,
      bobAgain,
      cid,
    ]);
  });

  it("tells the one input that each output is", async () => {
    expect(await causesOf(scores, conflate({ key: player, emit: onEnd() }))).toEqual([
      [4, 4],
      [3, 3],
      [2, 2],
    ]);
  });

  it("has the limit for what waits, not for what was emitted", async () => {
    const items = [1, 2, 3, 4, 5];
    expect(await emitted(items, conflate({ key: (n: number) => n, emit: everyN(2), maxKeys: 2 }))).toEqual(items);
    expect(await failureOf(items, conflate({ key: (n: number) => n, emit: onEnd(), maxKeys: 4 }))).toMatch(
      /StateLimitReached: the state holds 4 keys/,
    );
  });
});

describe("topN", () => {
  it("emits the n greatest, the greatest first, of equal ones the first to come", async () => {
    expect(await emitted(scores, topN({ n: 3, by: points, emit: onEnd() }))).toEqual([
      { rank: 1, value: 5, item: scores[1] },
      { rank: 2, value: 5, item: scores[2] },
      { rank: 3, value: 4, item: scores[4] },
    ]);
  });

  it("with a key ranks the latest of each, even where that is less", async () => {
    expect(await emitted(scores, topN({ n: 2, by: points, key: player, emit: onEnd() }))).toEqual([
      { rank: 1, value: 5, item: scores[2] },
      { rank: 2, value: 4, item: scores[4] },
    ]);
  });

  it("tells the one input of each place", async () => {
    expect(await causesOf(scores, topN({ n: 2, by: points, emit: onEnd() }))).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await causesOf(scores, topN({ n: 2, by: points, key: player, emit: onEnd() }))).toEqual([
      [2, 2],
      [4, 4],
    ]);
  });

  it("emits what sorting all there is gives, whatever the inputs, the schedule and n", async () => {
    await fc.assert(
      fc.asyncProperty(latin, schedules, fc.integer({ min: 1, max: 5 }), async (items, emit, n) => {
        const sorted = (all: readonly Score[]): unknown[] =>
          [...all]
            .sort((a, b) => b.points - a.points)
            .slice(0, n)
            .map((item, index) => ({ rank: index + 1, value: item.points, item }));
        expect(await emitted(items, topN({ n, by: points, emit }))).toEqual(emissions(items, emit).flatMap(sorted));
        const latest = (all: readonly Score[]): readonly Score[] => [
          ...new Map(all.map((item) => [item.player, item])).values(),
        ];
        expect(await emitted(items, topN({ n, by: points, key: player, emit }))).toEqual(
          emissions(items, emit).flatMap((all) => sorted(latest(all))),
        );
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("keeps no more than n", async () => {
    const spec = topN({ n: 2, by: (n: number) => n, emit: onEnd() });
    const context = { stage: "s", now: 0, lane: 1, seq: 0, random: () => 0, id: () => "" } as never;
    let state = spec.initial();
    for (let i = 0; i < 100; i++) state = spec.fold(state, i % 10, context);
    expect(state.map(({ value }) => value)).toEqual([9, 9]);
  });

  it("refuses NaN, which is neither more nor less than anything", async () => {
    expect(await failureOf([1, Number.NaN], topN({ n: 2, by: (n) => n, emit: onEnd() }))).toMatch(/`by` gave NaN/);
  });
});

describe("topNBy", () => {
  it("emits the n greatest sums, of equal ones that of the key that came first, with all inputs of each", async () => {
    const spec = topNBy({ n: 2, key: player, by: points, emit: onEnd() });
    expect(await emitted(scores, spec)).toEqual([
      { rank: 1, key: "ann", sum: 7 },
      { rank: 2, key: "bob", sum: 6 },
    ]);
    expect(await causesOf(scores, spec)).toEqual([
      [0, 4],
      [1, 3],
    ]);
  });

  it("emits what summing and sorting gives, whatever the inputs, the schedule and n", async () => {
    await fc.assert(
      fc.asyncProperty(latin, schedules, fc.integer({ min: 1, max: 5 }), async (items, emit, n) => {
        const expected = emissions(items, emit).flatMap((all) =>
          [...new Set(all.map(player))]
            .map((key) => ({ key, sum: all.reduce((sum, s) => (s.player === key ? sum + s.points : sum), 0) }))
            .sort((a, b) => b.sum - a.sum)
            .slice(0, n)
            .map((each, index) => ({ rank: index + 1, ...each })),
        );
        expect(await emitted(items, topNBy({ n, key: player, by: points, emit }))).toEqual(expected);
      }),
      { numRuns: 40, seed: 8 },
    );
  });

  it("refuses a sum that is no number", async () => {
    const spec = topNBy({ n: 1, key: () => "all", by: (n: number) => n, emit: onEnd() });
    expect(await failureOf([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], spec)).toMatch(/NaN/);
  });
});

describe("distinct", () => {
  it("emits the first input of each key at once, and no other", async () => {
    expect(await emitted(scores, distinct({ key: player }))).toEqual(scores.slice(0, 3));
    expect(await causesOf(scores, distinct({ key: player }))).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it("tells inputs apart as they are where there is no key", async () => {
    const items = [1, "1", 1, null, undefined, null, Number.NaN, Number.NaN, 1n];
    expect(await emitted(items, distinct<Key>())).toEqual([1, "1", null, undefined, Number.NaN, 1n]);
  });

  it("emits each only once where it is not told to do so at once", async () => {
    const twice = [...scores, ...scores, { player: "dan", points: 0 }];
    expect(
      (await emitted(twice, distinct({ key: player, emit: everyN(4) }))).map((one) => player(one as Score)),
    ).toEqual(["ann", "bob", "cid", "dan"]);
  });

  it("fails at one key more than it may remember", async () => {
    expect(await failureOf([1, 1, 2, 2, 3], distinct({ key: (n) => n, maxKeys: 2 }))).toMatch(
      /the state holds 2 keys, which is its limit/,
    );
  });
});

describe("count", () => {
  it("counts all inputs, or those of each key", async () => {
    expect(await emitted(scores, count({ emit: everyN(2) }))).toEqual([2, 4, 5]);
    expect(await emitted([], count({ emit: onEnd() }))).toEqual([0]);
    expect(await emitted(scores, count({ key: player, emit: onEnd() }))).toEqual([
      { key: "ann", value: 2 },
      { key: "bob", value: 2 },
      { key: "cid", value: 1 },
    ]);
  });
});

describe("every ready-made spec with keys", () => {
  const specs = (key: (item: unknown) => never, maxKeys?: number): readonly StatefulSpec<unknown, never, unknown>[] => {
    const limit = maxKeys === undefined ? {} : { maxKeys };
    return [
      conflate({ key, emit: onEnd(), ...limit }),
      topN({ n: 1, by: () => 0, key, emit: onEnd(), ...limit }),
      topNBy({ n: 1, by: () => 0, key, emit: onEnd(), ...limit }),
      distinct({ key, ...limit }),
      count({ key, emit: onEnd(), ...limit }),
      groupBy({ key, initial: () => 0, fold: (n) => n, emit: onEnd(), ...limit }),
    ] as never;
  };

  it("refuses keys that only their identity tells apart, which no replay keeps", async () => {
    for (const spec of specs(() => ({ of: "no use" }) as never)) {
      expect(await failureOf([1], spec)).toMatch(/TypeError: a key is of type object/);
    }
  });

  it("stops at its limit, and says which that is", async () => {
    for (const spec of specs((item) => item as never, 2)) {
      expect(await failureOf([1, 2, 1, 3], spec)).toMatch(/StateLimitReached: the state holds 2 keys/);
    }
  });

  it("is refused at build with a limit that is none", () => {
    for (const spec of specs(() => 0 as never, 0)) {
      expect(problems(spec)).toEqual(['Stage "out": its `maxKeys` is 0: give a whole number from 1.']);
    }
    expect(problems(topN({ n: 1.5, by: points, emit: onEnd() }))).toEqual([
      'Stage "out": its `n` is 1.5: give a whole number from 1.',
    ]);
  });

  it("is refused at build without a function that it needs", () => {
    for (const spec of specs("key" as never)) {
      expect(problems(spec)).toEqual(['Stage "out": its `key` must be a function, but is string.']);
    }
  });

  it("shows by its fingerprint that the author's functions have changed", () => {
    const fingerprint = (spec: StatefulSpec<number, never, unknown>): string | undefined =>
      flowOf([], spec).build()._unsafeUnwrap().stages[1]?.fingerprint;
    const one = groupBy({ key: (n: number) => n, initial: () => 0, fold: (n) => n + 1, emit: onEnd() }) as never;
    const two = groupBy({ key: (n: number) => n, initial: () => 0, fold: (n) => n + 2, emit: onEnd() }) as never;
    expect(fingerprint(one)).not.toBe(fingerprint(two));
    expect(fingerprint(one)).toBe(fingerprint(one));
  });
});
