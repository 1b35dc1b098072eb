import { describe, expect, it } from "vitest";

import { clockText, durationText, timeText } from "./time-text.ts";

describe("a time", () => {
  it.each([
    [Date.UTC(2026, 10, 21, 9, 32, 21, 4), "2026-11-21 09:32:21.004 UTC", "09:32:21.004"],
    [-1, "1969-12-31 23:59:59.999 UTC", "23:59:59.999"],
    [8.64e15, "+275760-09-13 00:00:00.000 UTC", "00:00:00.000"],
    [8.64e15 + 1, "8640000000000001 ms", "8640000000000001 ms"],
    [1e300, "1e+300 ms", "1e+300 ms"],
    [Number.NaN, "NaN ms", "NaN ms"],
    [Number.NEGATIVE_INFINITY, "-Infinity ms", "-Infinity ms"],
  ])("has a text, whatever it is: %d", (timeMs, whole, clock) => {
    expect([timeText(timeMs), clockText(timeMs)]).toEqual([whole, clock]);
  });
});

describe("a span of time", () => {
  it.each([
    [87.4, "87 ms"],
    [1240, "1.24 s"],
    [12_340, "12.3 s"],
    [192_000, "3 min 12 s"],
    [Number.NaN, "NaN ms"],
    [Number.POSITIVE_INFINITY, "Infinity ms"],
  ])("has a text, whatever it is: %d", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
