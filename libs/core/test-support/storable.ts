import * as fc from "fast-check";

const AWKWARD_NUMBERS = [
  ...[0, -0, 1, -1, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, Number.MAX_VALUE],
  ...[7, 8, 15, 16, 31, 32, 53].flatMap((bits) => [-1, 0, 1].flatMap((off) => [2 ** bits + off, -(2 ** bits) + off])),
  ...[-31, -32, -33, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
];

const AWKWARD_KEYS = [
  "",
  "0",
  "10",
  "1e3",
  "-1",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "\uFEFFa",
  "é",
  "😀",
];

const LATEST_DATE = 8.64e15;

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: "binary-ascii", maxLength: 80 }),
  fc.constantFrom("\uFEFF", "\uFEFFtext", "\0", "a".repeat(31), "a".repeat(32), "é".repeat(200)),
);

/** Any UTF-16, well-formed or not. */
const utf16 = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

const key = fc.oneof(fc.constantFrom(...AWKWARD_KEYS), text, fc.string({ minLength: 32, maxLength: 300 }));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  text,
  utf16,
  fc.constantFrom(...AWKWARD_NUMBERS),
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 4000n), max: 2n ** 4000n }),
  fc.constantFrom(0n, 1n, -1n, 255n, 256n, -256n, 2n ** 64n, -(2n ** 63n)),
  fc.constantFrom(null, undefined, true, false),
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(0, -1, -999, -1000, 1, LATEST_DATE, -LATEST_DATE).map((ms) => new Date(ms)),
);

/** An object with these entries as its own properties, `__proto__` as well. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** Every value that can be stored, nested a few levels. */
export const storable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie("value");
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(value, { maxLength: 20 }),
      fc.array(fc.tuple(key, value), { maxLength: 20 }).map(objectOf),
      fc.array(fc.tuple(value, value), { maxLength: 6 }).map((entries) => new Map(entries)),
      fc.array(value, { maxLength: 6 }).map((members) => new Set(members)),
    ),
  };
}).value;
