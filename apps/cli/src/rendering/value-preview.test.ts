import fc from "fast-check";
import { expect, it } from "vitest";

import { oneLine, safeText } from "./safe-text.ts";
import { previewValue } from "./value-preview.ts";

const COMMANDS = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

it.each([
  [{ origin: "DTW", delay: -5, "a key": null }, '{origin: "DTW", delay: -5, "a key": null}'],
  [[1n, -0, Number.NaN, undefined, true], "[1n, -0, NaN, undefined, true]"],
  [new Map([["a", new Set([1])]]), 'Map {"a" => Set {1}}'],
  [{ at: new Date(0), bytes: new Uint8Array(3) }, "{at: 1970-01-01T00:00:00.000Z, bytes: bytes(3)}"],
  ["\u001b[2J\u0085\u202e", '"\\u001b[2J\\u0085\\u202e"'],
])("shows a value as a literal on one line (%#)", (value, shown) => {
  expect(previewValue(value, 200)).toBe(shown);
});

it("is never longer than its limit, and never holds what commands a terminal", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
      fc.integer({ min: 1, max: 80 }),
      (value, limit) => {
        const shown = previewValue(value, limit);
        expect(shown.length).toBeLessThanOrEqual(limit);
        expect(shown).not.toMatch(COMMANDS);
      },
    ),
  );
});

it("takes no longer for a large value than for a small one", () => {
  let read = 0;
  const large = new Proxy(Array.from({ length: 1_000_000 }), {
    get: (target, key) => {
      read++;
      return Reflect.get(target, key) as unknown;
    },
  });
  previewValue(large, 50);
  expect(read).toBeLessThan(200);
});

it("makes any text safe to show, on one line where one line is meant", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
      expect(safeText(text).replaceAll("\n", "")).not.toMatch(COMMANDS);
      const line = oneLine(text, limit);
      expect(line).not.toMatch(COMMANDS);
      expect(line.length).toBeLessThanOrEqual(limit);
    }),
  );
});

it("shows a date that is none", () => {
  expect(previewValue([new Date(Number.NaN)], 80)).toBe("[Invalid Date]");
});
