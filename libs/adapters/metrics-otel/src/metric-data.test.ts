import fc from "fast-check";
import { expect, it } from "vitest";

import { hrTime } from "./metric-data.ts";

it("splits a time into whole seconds and nanoseconds of less than a second", () => {
  expect(hrTime(1_767_225_600_012.25)).toEqual([1_767_225_600, 12_250_000]);
  expect(hrTime(999.9999999)).toEqual([0, 999_999_999]);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 8.64e15, noNaN: true }), (ms) => {
      const [seconds, nanoseconds] = hrTime(ms);
      expect(Number.isSafeInteger(seconds) && Number.isSafeInteger(nanoseconds)).toBe(true);
      expect(nanoseconds >= 0 && nanoseconds < 1_000_000_000).toBe(true);
      expect(Math.abs(seconds * 1_000 + nanoseconds / 1_000_000 - ms)).toBeLessThanOrEqual(1e-6 + ms * 1e-15);
    }),
  );
});
