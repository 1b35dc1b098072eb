import fc from "fast-check";
import { expect, it } from "vitest";

import { decimalText } from "./decimal-text.ts";

it.each([
  [163, 20, 1, "8.2"],
  [-163, 20, 1, "-8.2"],
  [1, 3, 4, "0.3333"],
  [-1, 1000, 2, "0.00"],
  [2, 3, 0, "1"],
  [7, 1, 2, "7.00"],
])("writes %i/%i with %i decimals as %s", (numerator, denominator, digits, expected) => {
  expect(decimalText(numerator, denominator, digits)).toBe(expected);
});

it("is never further than half a unit of its last digit from the fraction", () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.integer({ min: 1 }),
      fc.integer({ min: 0, max: 12 }),
      (numerator, denominator, digits) => {
        const units = BigInt(decimalText(numerator, denominator, digits).replace(".", ""));
        const off = 2n * (units * BigInt(denominator) - BigInt(numerator) * 10n ** BigInt(digits));
        expect(off >= -BigInt(denominator) && off <= BigInt(denominator)).toBe(true);
      },
    ),
  );
});
