import * as fc from "fast-check";
import { expect, it } from "vitest";

import { ReadBatches } from "./read-batches.ts";

const batch = fc.record({ size: fc.nat(7), hasCursor: fc.boolean() });
const step = fc.oneof(
  batch.map((added) => ({ kind: "add", ...added }) as const),
  fc.integer({ min: 1, max: 9 }).map((limit) => ({ kind: "take", limit }) as const),
);

it("gives every item once and in order, never more than asked, and each cursor right behind the items of its batch", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const batches = new ReadBatches();
      let added = 0;
      let taken = 0;
      /** How many items stand before each cursor. */
      const cursors: number[] = [];
      const seen: number[] = [];
      const take = (limit: number): boolean => {
        const got = batches.take(limit);
        if (got === undefined) return false;
        expect(got.items.length).toBeLessThanOrEqual(limit);
        for (const item of got.items) expect(item).toBe(taken++);
        if (got.cursor !== undefined) {
          expect(got.cursor).toBe(taken);
          seen.push(taken);
        }
        return true;
      };
      for (const one of steps) {
        if (one.kind === "take") take(one.limit);
        else {
          const items = Array.from({ length: one.size }, () => added++);
          batches.add({ items, cursor: one.hasCursor ? added : undefined });
          if (one.hasCursor) cursors.push(added);
        }
        expect(batches.items).toBe(added - taken);
      }
      while (take(3));
      expect(taken).toBe(added);
      expect(batches.isEmpty).toBe(true);
      // Of several cursors in one step the last stands for all.
      expect(cursors).toEqual(expect.arrayContaining(seen));
      expect(seen.at(-1)).toBe(cursors.at(-1));
    }),
  );
});
