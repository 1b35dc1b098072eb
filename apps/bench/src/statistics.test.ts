import { describe, expect, it } from "vitest";
import { mean, median, quantile, slope } from "./statistics.ts";

describe("quantile", () => {
  it("gives the value by nearest rank, whatever the order of the values", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(values, 0.5)).toBe(50);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile(values, 1)).toBe(100);
    expect(quantile(values, 0)).toBe(1);
  });

  it("sorts by number, not by text", () => {
    expect(quantile([10, 9, 1], 1)).toBe(10);
  });
});

describe("median", () => {
  it("is the value in the middle, or the mean of the two in the middle", () => {
    expect(median([30, 1, 2])).toBe(2);
    expect(median([4, 30, 1, 2])).toBe(3);
  });
});

describe("slope", () => {
  it("is the growth of points on a line, and 0 of what only trembles about a level", () => {
    expect(slope([1, 2, 3, 4].map((x) => [x, 7 * x - 3] as const))).toBeCloseTo(7);
    expect(slope([1, 2, 3, 4].map((x, index) => [x, [5, 6, 6, 5][index] ?? 0] as const))).toBeCloseTo(0);
  });
});

it("refuses to make a figure of nothing", () => {
  for (const figure of [median, mean, (none: readonly number[]) => quantile(none, 0.5)]) {
    expect(() => figure([])).toThrow(RangeError);
  }
  expect(() => slope([[1, 1]])).toThrow(RangeError);
});
