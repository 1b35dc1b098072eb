import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { jsonValue } from "./json-value.ts";

/** Reads what {@link jsonValue} writes, by its description alone. */
function readBack(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(readBack);
  const fields = json as Record<string, unknown>;
  const [tag] = Object.keys(fields);
  if (tag?.startsWith("$") !== true) return plainObject(fields);
  const held = fields[tag];
  switch (tag) {
    case "$undefined":
      return undefined;
    case "$bigint":
      return BigInt(held as string);
    case "$number":
      return Number(held);
    case "$date":
      return new Date(held as string);
    case "$bytes":
      return Uint8Array.from(Buffer.from(held as string, "base64"));
    case "$map":
      return new Map((held as [unknown, unknown][]).map(([key, value]) => [readBack(key), readBack(value)]));
    case "$set":
      return new Set((held as unknown[]).map(readBack));
    case "$object":
      return plainObject(held as Record<string, unknown>);
    default:
      throw new Error(`no such tag: ${tag}`);
  }
}

function plainObject(fields: Record<string, unknown>): unknown {
  const object: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(object, key, {
      value: readBack(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

const storable = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: fc.constantFrom("a", "$", "\ud800", "\udc00", "\u0000", "é", '"') }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((members) => new Set(members)),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "$bigint", "$object", "$x", "__proto__", "toString"), tie("value")), {
        maxLength: 4,
      })
      .map((entries) => plainObjectOf(entries)),
  ),
})).value;

function plainObjectOf(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

describe("a value as JSON", () => {
  it("is read back as it was, whatever a log can hold", () => {
    fc.assert(
      fc.property(storable, (value) => {
        const text = jsonValue(value);
        expect(text).not.toContain("\n");
        expect(readBack(JSON.parse(text))).toStrictEqual(value);
      }),
    );
  });

  it("is plain JSON where JSON has a form for it", () => {
    const value = { a: [1, "x", null, true], b: { c: 1.5 } };
    expect(jsonValue(value)).toBe(JSON.stringify(value));
  });
});
