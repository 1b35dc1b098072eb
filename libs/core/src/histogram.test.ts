import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { COUNT_BOUNDS, DURATION_BOUNDS_MS, Histogram } from "./histogram.ts";

const value = fc.oneof(
  fc.double({ min: 0, max: 200_000, noNaN: true }),
  fc.double({ min: 0, max: 1e300, noNaN: true }),
  fc.constantFrom(...DURATION_BOUNDS_MS, ...COUNT_BOUNDS),
);
const values = fc.array(value, { maxLength: 200 });

const someBounds = fc.oneof(
  fc.constantFrom(DURATION_BOUNDS_MS, COUNT_BOUNDS, []),
  fc
    .uniqueArray(fc.double({ min: 5e-324, max: 300_000, noNaN: true }), { maxLength: 40 })
    .map((bounds) => bounds.toSorted((a, b) => a - b)),
);

function histogramOf(recorded: readonly number[], bounds?: readonly number[]): Histogram {
  const histogram = new Histogram(bounds);
  for (const value of recorded) histogram.record(value);
  return histogram;
}

describe("the bounds", () => {
  it("serve durations from 10 µs to a minute, each twice the one before it", () => {
    expect(DURATION_BOUNDS_MS[0]).toBe(0.01);
    expect(DURATION_BOUNDS_MS.at(-1)).toBeGreaterThan(60_000);
    expect(DURATION_BOUNDS_MS.map(String).every((text) => text.length <= 8)).toBe(true);
    DURATION_BOUNDS_MS.slice(1).forEach((bound, index) =>
      expect(bound / (DURATION_BOUNDS_MS[index] ?? 0)).toBeCloseTo(2, 12),
    );
  });

  it("serve counts from one", () => {
    expect(COUNT_BOUNDS.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(COUNT_BOUNDS.at(-1)).toBe(65_536);
  });

  it("are refused unless they ascend from above 0", () => {
    for (const bounds of [[0], [-1, 1], [1, 1], [2, 1], [1, Infinity], [Number.NaN], [1, Number.NaN]]) {
      expect(() => new Histogram(bounds)).toThrow(RangeError);
    }
  });
});

describe("Histogram", () => {
  it("counts a value at a bound with those below it", () => {
    expect(histogramOf([0, 1, 1.5, 2, 2.5, 4, 4.5], [1, 2, 4]).snapshot()).toEqual({
      bounds: [1, 2, 4],
      counts: [2, 2, 2, 1],
      count: 7,
      sum: 15.5,
    });
  });

  it("counts every value, in the bucket that a look at each bound in turn finds", () => {
    fc.assert(
      fc.property(values, someBounds, (recorded, ascending) => {
        const { bounds, counts, count, sum } = histogramOf(recorded, ascending).snapshot();
        const expected = new Array<number>(bounds.length + 1).fill(0);
        for (const value of recorded) {
          const found = bounds.findIndex((bound) => value <= bound);
          const index = found < 0 ? bounds.length : found;
          expected[index] = (expected[index] ?? 0) + 1;
        }
        expect(counts).toEqual(expected);
        expect(count).toBe(recorded.length);
        expect(sum).toBe(recorded.reduce((total, each) => total + each, 0));
      }),
    );
  });

  it("holds, merged, what one that had seen all values would hold", () => {
    const whole = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(whole, whole, (first, second) => {
        const merged = histogramOf(first);
        merged.merge(histogramOf(second).snapshot());
        expect(merged.snapshot()).toEqual(histogramOf([...first, ...second]).snapshot());
      }),
    );
  });

  it("does not merge what was counted by other bounds", () => {
    const histogram = histogramOf([1], [1, 2]);
    expect(() => histogram.merge(histogramOf([1], [1, 3]).snapshot())).toThrow(RangeError);
    expect(() => histogram.merge(histogramOf([1], [1, 2, 3]).snapshot())).toThrow(RangeError);
    expect(histogram.snapshot().count).toBe(1);
  });

  it("takes what is below 0 for 0, and leaves out what is no number or without end", () => {
    const odd = [-1, -0, Number.NaN, Infinity, -Infinity];
    expect(histogramOf(odd, [1]).snapshot()).toEqual({ bounds: [1], counts: [2, 0], count: 2, sum: 0 });
  });

  it("never takes back what a snapshot told", () => {
    const histogram = histogramOf([1], [1, 2]);
    const before = histogram.snapshot();
    histogram.record(2);
    expect(before).toEqual({ bounds: [1, 2], counts: [1, 0, 0], count: 1, sum: 1 });
  });
});
