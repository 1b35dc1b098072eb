import fc from "fast-check";
import { expect, it } from "vitest";
import { holds } from "../test/arbitraries.ts";
import { editDistance, nearestName } from "./nearest-name.ts";

it("measures as the recursive definition does", () => {
  const definition = (a: string, b: string): number =>
    a === "" || b === ""
      ? a.length + b.length
      : Math.min(
          definition(a.slice(1), b) + 1,
          definition(a, b.slice(1)) + 1,
          definition(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
        );
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  holds(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(definition(a, b));
    }),
  );
});

it("suggests the closest name, the first among equals, whatever its case", () => {
  expect(nearestName("pricd", ["orders", "price", "priced"])).toBe("price");
  expect(nearestName("Orders", ["reports", "orders"])).toBe("orders");
  expect(nearestName("ab", ["aa", "bb", "ab-"])).toBe("aa");
});

it("suggests nothing that differs in more than a third of the characters", () => {
  expect(nearestName("orders", ["report", "sink"])).toBeUndefined();
  expect(nearestName("abcdef", ["abcdxy"])).toBe("abcdxy");
  expect(nearestName("abcdef", ["abcxyz"])).toBeUndefined();
});
