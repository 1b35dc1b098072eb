import fc from "fast-check";
import { expect, it } from "vitest";

import { ranked } from "./ranking.ts";

it("ranks the same places in the same way, whatever order they come in", () => {
  const place = (key: string, flights: number, delayMinutes: number) => ({
    key,
    value: { flights, delayMinutes, late: 0 },
  });
  const inOrder = [
    place("TX", 2, 20),
    // The same mean: more flights first, then the name.
    place("OH", 3, 15),
    place("AK", 1, 5),
    place("AL", 1, 5),
    place("WY", 4, -2),
    place("PR", 1, 99),
    place("(abroad)", 1, 1),
  ];
  const { initial, fold, project } = ranked();
  // The stage needs nothing of its context.
  const context = undefined as never;
  fc.assert(
    fc.property(fc.shuffledSubarray(inOrder, { minLength: inOrder.length }), (places) => {
      const rows = [
        ...project(
          places.reduce((state, next) => fold(state, next, context), initial()),
          context,
        ),
      ];
      expect(rows.map(({ rank, state }) => [rank, state])).toEqual([
        [1, "TX"],
        [2, "OH"],
        [3, "AK"],
        [4, "AL"],
        [5, "WY"],
        [undefined, "PR"],
        [undefined, "(abroad)"],
      ]);
    }),
  );
});
