import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LaneId, LaneSeq } from "@refold/core";

import { InputContext } from "../step/input-context.ts";
import { Agenda, type Scheduled } from "./window-agenda.ts";
import { session } from "./window-kinds.ts";
import { windowProgram } from "./window-program.ts";
import { OpenWindows } from "./window-state.ts";

const itemsOf = (count: number): readonly Scheduled[] =>
  Array.from({ length: count }, (_, ordinal) => ({ ordinal, dueMs: undefined }));

describe("an agenda", () => {
  it("gives what is due in the order of (due, ordinal), each item once, whatever it was scheduled for before", () => {
    const steps = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: -20, max: 20 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: -20, max: 20 }), fc.boolean(), (scheduled, untilMs, reset) => {
        const agenda = new Agenda<Scheduled>();
        const items = itemsOf(10);
        for (const [item, dueMs] of scheduled) agenda.schedule(items[item] as Scheduled, dueMs);
        if (reset) agenda.reset(items);
        const due = items.map(({ ordinal }) => {
          const times = scheduled.flatMap(([item, dueMs]) => (item === ordinal ? [dueMs] : []));
          return { ordinal, dueMs: Math.min(...times) };
        });
        const expected = due
          .filter(({ dueMs }) => dueMs <= untilMs)
          .sort((a, b) => a.dueMs - b.dueMs || a.ordinal - b.ordinal)
          .map(({ ordinal }) => ordinal);
        const given: number[] = [];
        for (let item = agenda.take(untilMs); item !== undefined; item = agenda.take(untilMs)) given.push(item.ordinal);
        expect(given).toEqual(expected);
        expect(agenda.isDue(untilMs)).toBe(false);
      }),
      { seed: 20_260_103, numRuns: 500 },
    );
  });

  it("lets go of the places of windows that are no more, also while nothing is ever due", () => {
    const windows = new OpenWindows<string, number>(10);
    const agendaSizes = new Set<number>();
    for (let round = 0; round < 5_000; round++) {
      const [first, second] = [0, 10].map((offset, index) =>
        windows.open("a", index, { start: offset, end: offset + 5 }, 0),
      );
      if (first === undefined || second === undefined) continue;
      windows.schedule(first, round * 100);
      windows.schedule(second, round * 100 + 1);
      windows.absorb("a", 0, () => 0);
      windows.close(first);
      agendaSizes.add(windows.places);
    }
    expect(Math.max(...agendaSizes)).toBeLessThan(1_100);
  });
});

it("a session that is joined again and again is emitted once, with all that is in it", () => {
  const program = windowProgram(
    {
      over: session({ gapMs: 10 }),
      time: (at: number) => at,
      initial: () => 0,
      fold: (count: number) => count + 1,
      merge: (a, b) => a + b,
      outOfOrderMs: 1_000_000,
    },
    [1 as LaneId],
  );
  const context = new InputContext("a run", "sessions");
  const unwanted = (): never => expect.fail("nothing is to come before the end");
  const outputs = { emit: unwanted, forward: unwanted, reject: unwanted, watermark: unwanted };
  let seq = 0;
  // Two apart, then one that joins them, 5,000 times over.
  for (let at = 0; at < 90_000; at += 18) {
    for (const time of [at, at + 18, at + 9]) {
      context.moveTo(1 as LaneId, seq++ as LaneSeq, 0);
      expect(program.accept(time, context, outputs)).toBeUndefined();
    }
  }
  const results = [...program.finish(context)].map((traced) => (traced as { readonly payload: unknown }).payload);
  expect(results).toEqual([{ key: undefined, start: 0, end: 90_010, value: 15_000, revision: 0 }]);
});
