import fc from "fast-check";
import { expect, it } from "vitest";

import { DURATION_BOUNDS_MS, Histogram } from "@refold/core";
import { quantile } from "./quantile.ts";

const FIRST_MS = DURATION_BOUNDS_MS[0] ?? 0;
const LAST_MS = DURATION_BOUNDS_MS.at(-1) ?? 0;
const duration = fc.oneof(
  fc.double({ min: 0, max: 200_000, noNaN: true }),
  fc.double({ min: 0, max: 0.05, noNaN: true }),
  fc.constantFrom(...DURATION_BOUNDS_MS),
);
const durations = fc.array(duration, { minLength: 1, maxLength: 100 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function snapshotOf(recorded: readonly number[]): ReturnType<Histogram["snapshot"]> {
  const histogram = new Histogram();
  for (const value of recorded) histogram.record(value);
  return histogram.snapshot();
}

it("is off by less than a factor of two, and by at most the bound in the first bucket", () => {
  fc.assert(
    fc.property(durations, share, (recorded, q) => {
      const sorted = recorded.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? 0;
      const estimate = quantile(snapshotOf(recorded), q) ?? Number.NaN;
      if (exact > LAST_MS) expect(estimate).toBe(LAST_MS);
      else if (exact <= FIRST_MS) expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(FIRST_MS);
      else expect(estimate > exact / 2 && estimate < exact * 2).toBe(true);
    }),
  );
});

it("never falls as the share grows", () => {
  fc.assert(
    fc.property(durations, share, share, (recorded, a, b) => {
      const snapshot = snapshotOf(recorded);
      const [low = 0, high = 0] = [quantile(snapshot, Math.min(a, b)), quantile(snapshot, Math.max(a, b))];
      expect(low).toBeLessThanOrEqual(high);
    }),
  );
});

it("finds the median of what is spread evenly within a bucket", () => {
  expect(quantile({ bounds: [10, 20], counts: [0, 100, 0], count: 100, sum: 1_500 }, 0.5)).toBe(15);
});

it("says nothing of no values, nor without bounds", () => {
  expect(quantile({ bounds: [1, 2], counts: [0, 0, 0], count: 0, sum: 0 }, 0.5)).toBeUndefined();
  expect(quantile({ bounds: [], counts: [3], count: 3, sum: 3 }, 0.5)).toBeUndefined();
});
