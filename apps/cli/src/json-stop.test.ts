import fc from "fast-check";
import { expect, it } from "vitest";

import { jsonStop } from "./json-stop.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

it("takes for JSON what the parser takes, whatever is put in the place of a part", () => {
  const piece = fc.constantFrom(...'{}[],:"\\ \n01-.eE+tn', "true", "null", '"a"', "\\u00e9", "\\x", "\u0001", "é");
  const mutated = fc
    .tuple(fc.json(), fc.nat(), fc.nat({ max: 3 }), fc.array(piece, { maxLength: 2 }))
    .map(([text, at, removed, added]) => {
      const start = at % (text.length + 1);
      return text.slice(0, start) + added.join("") + text.slice(start + removed);
    });
  const loose = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(fc.oneof(fc.json(), mutated, loose), (text) => {
      expect(jsonStop(text) === undefined).toBe(isJson(text));
    }),
    { seed: 20_260_101, numRuns: 3000 },
  );
});

it("stops at the first token that cannot stand where it is, or at the end", () => {
  expect(jsonStop('{\n "a": 1,\n b\n}')).toBe(12);
  expect(jsonStop('{"a": tru}')).toBe(6);
  expect(jsonStop('{"a": 1,}')).toBe(8);
  expect(jsonStop('["a" "b"]')).toBe(5);
  expect(jsonStop('{"a":')).toBe(5);
  expect(jsonStop("")).toBe(0);
  expect(jsonStop("1 2")).toBe(2);
});
