import fc from "fast-check";
import { expect, it } from "vitest";

import { bytesText, countText, durationText } from "./figure-text.ts";

it("writes counts whole while they are small, and with three digits when they are not", () => {
  const counts = [0, 7, 999, 1_000, 9_999_999, 10_000_000, 999_400_000, 999_600_000, 2 ** 53, 1e300, Infinity];
  expect(counts.map(countText)).toEqual([
    "0",
    "7",
    "999",
    "1,000",
    "9,999,999",
    "10.0 M",
    "999 M",
    "1.00 G",
    "9.01 P",
    "1.00e+300",
    "∞",
  ]);
});

it("writes sizes in powers of a thousand", () => {
  const sizes = [0, 999, 1_000, 1_234_567, 999_999, Infinity];
  expect(sizes.map(bytesText)).toEqual(["0 B", "999 B", "1.00 kB", "1.23 MB", "1.00 MB", "∞"]);
});

it("writes spans of time with three digits or in two units", () => {
  const spans = [undefined, 0, 0.01, 0.25, 0.9996, 1.244, 87.14, 999.6, 59_940, 59_960, 192_000, 3_599_600, 1.9e8];
  expect(spans.map(durationText)).toEqual([
    "–",
    "0 ms",
    "10.0 µs",
    "250 µs",
    "1.00 ms",
    "1.24 ms",
    "87.1 ms",
    "1.00 s",
    "59.9 s",
    "1 min 0 s",
    "3 min 12 s",
    "1 h 0 min",
    "2 d 5 h",
  ]);
});

it("never needs more room than a column has, however large the figure", () => {
  const figure = fc.oneof(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), fc.maxSafeNat());
  fc.assert(
    fc.property(figure, (value) => {
      expect(countText(value).length).toBeLessThanOrEqual(9);
      expect(bytesText(value).length).toBeLessThanOrEqual(11);
      expect(durationText(value).length).toBeLessThanOrEqual(16);
    }),
  );
});
