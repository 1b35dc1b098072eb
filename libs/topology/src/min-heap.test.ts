import fc from "fast-check";
import { expect, it } from "vitest";
import { holds } from "../test/arbitraries.ts";
import { MinHeap } from "./min-heap.ts";

it("gives at every pop the smallest of what it holds", () => {
  const step = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant("pop"));
  holds(
    fc.property(fc.array(step), (steps) => {
      const heap = new MinHeap();
      const model: number[] = [];
      for (const each of steps) {
        if (typeof each === "number") {
          heap.push(each);
          model.push(each);
          model.sort((a, b) => a - b);
        } else {
          expect(heap.pop()).toBe(model.shift());
        }
      }
    }),
  );
});
