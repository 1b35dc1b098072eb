import * as fc from "fast-check";
import { expect, it } from "vitest";

import { formatPlace, parsePlace, type LaneSeq } from "./place.ts";

it("reads back every place that it writes", () => {
  const stage = fc.string({ minLength: 1 }).filter((name) => !/[:/]/.test(name));
  fc.assert(
    fc.property(stage, fc.nat({ max: 10 ** 15 - 1 }), (name, seq) => {
      expect(parsePlace(formatPlace(name, seq as LaneSeq))).toEqual({ stage: name, seq });
    }),
  );
});

it("takes nothing else for a place", () => {
  for (const text of [
    "",
    "orders",
    "orders:",
    ":1",
    "orders:-1",
    "orders:1.5",
    "orders:01",
    "orders:1 ",
    "a:b:1",
    "run/a:1",
  ]) {
    expect(parsePlace(text), text).toBeUndefined();
  }
  expect(parsePlace(`orders:${"9".repeat(16)}`)).toBeUndefined();
});
