import fc from "fast-check";
import { expect, it } from "vitest";

import { distributionOfSeconds, seconds } from "./samples.ts";

it("turns milliseconds into seconds without the traces of a division", () => {
  expect([0.07, 0.3, 1.1, 5, 41_943.04, 0, Infinity].map(seconds)).toEqual([
    0.00007,
    0.0003,
    0.0011,
    0.005,
    41.94304,
    0,
    Infinity,
  ]);
});

it("never lets a bucket hold less than one before it, and ends with all", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 30 }), (counts) => {
      const bounds = counts.slice(1).map((_, index) => 2 ** index);
      const count = counts.reduce((total, each) => total + each, 0);
      const samples = distributionOfSeconds([], { bounds, counts, count, sum: 1 });
      const buckets = samples.filter(({ suffix }) => suffix === "_bucket").map(({ value }) => value);
      expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
      expect(buckets.length).toBe(counts.length);
      expect(buckets.at(-1)).toBe(count);
      expect(samples.find(({ suffix }) => suffix === "_count")?.value).toBe(count);
    }),
  );
});
