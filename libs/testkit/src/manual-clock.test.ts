import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ManualClock } from "./manual-clock.ts";

describe("ManualClock", () => {
  it("stands still until it is moved", async () => {
    const clock = new ManualClock(1_000);
    await clock.idle();
    expect(clock.now()).toBe(1_000);
    clock.advance(250);
    expect(clock.now()).toBe(1_250);
  });

  it("fires what falls due in the order of time, then of setting, each at its own time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (delays, end) => {
        const clock = new ManualClock(100);
        const fired: { readonly index: number; readonly at: number }[] = [];
        delays.forEach((delay, index) => clock.schedule(delay, () => fired.push({ index, at: clock.now() - 100 })));
        clock.advance(end);
        const due = delays
          .map((at, index) => ({ index, at }))
          .filter(({ at }) => at <= end)
          .sort((a, b) => a.at - b.at || a.index - b.index);
        expect(fired).toEqual(due);
        expect(clock.timers).toBe(delays.length - due.length);
        expect(clock.now()).toBe(100 + end);
      }),
    );
  });

  it("fires what a timer sets, if it falls due in the same stretch of time", () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.schedule(10, () => clock.schedule(5, () => fired.push(clock.now())));
    clock.advance(14);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([15]);
  });

  it("fires nothing that was called off, before or during the advance", () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.schedule(1, () => fired.push("called off before"))();
    const callOff = clock.schedule(3, () => fired.push("called off by another"));
    clock.schedule(2, callOff);
    clock.advance(10);
    expect(fired).toEqual([]);
  });

  it("refuses to go backwards, and to fire without end", () => {
    const clock = new ManualClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
    const again = (): void => void clock.schedule(0, again);
    again();
    expect(() => clock.advance(1)).toThrow("more than 100000 timers");
  });

  it("takes turns, and comes to be idle, without time passing", async () => {
    const clock = new ManualClock(7);
    let turns = 0;
    void (async () => {
      while (turns < 1_000) {
        await clock.turn();
        turns++;
      }
    })();
    await clock.idle();
    expect(turns).toBe(1_000);
    expect(clock.now()).toBe(7);
  });
});
