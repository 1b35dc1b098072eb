import { describe, expect, it } from "vitest";

import { ManualClock } from "@refold/testkit";

import { RunClock } from "./run-clock.ts";

describe("the clock of a run", () => {
  const telling = (...times: number[]): RunClock => {
    const clock = new ManualClock(0);
    return new RunClock({
      now: () => times.shift() ?? 0,
      schedule: (delayMs, run) => clock.schedule(delayMs, run),
      turn: () => clock.turn(),
    });
  };

  it("never runs backwards, and goes on at once where the clock behind it is set back", () => {
    const clock = telling(5, 9, 3, 8, 10);
    expect([1, 2, 3, 4, 5].map(() => clock.now())).toEqual([5, 9, 9, 14, 16]);
  });

  it("goes on from the latest time on record where the clock behind it is later, or not", () => {
    const clock = new ManualClock(5);
    const resumed = new RunClock(clock, 100);
    expect(resumed.now()).toBe(100);
    clock.advance(7);
    expect(resumed.now()).toBe(107);
    expect(new RunClock(new ManualClock(200), 100).now()).toBe(200);
  });

  it("refuses a time that is none, which would be recorded", () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => telling(time).now()).toThrow(RangeError);
  });
});
