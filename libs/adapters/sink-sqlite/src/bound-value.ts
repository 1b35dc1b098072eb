import type { SqliteValue } from "./sqlite-database.ts";

/** What a row may hold. */
export type SqliteRowValue = string | number | bigint | boolean | Uint8Array | Date | null | undefined;

const LEAST_INTEGER = -(2n ** 63n);
const GREATEST_INTEGER = 2n ** 63n - 1n;

/** A value that can be bound, or why there is none. */
export type BoundValue =
  { readonly ok: true; readonly value: SqliteValue } | { readonly ok: false; readonly problem: string };

/**
 * The value as it is bound. Drivers differ in what they make of values: whole numbers become integers with one and reals with
 * another, and what does not fit is refused, made NULL, cut off or wrapped around. So each is brought here to what all take alike.
 */
export function boundValue(value: unknown): BoundValue {
  switch (typeof value) {
    case "string":
      return text(value);
    case "number":
      // SQLite would make NULL of it.
      if (Number.isNaN(value)) return refused("NaN cannot be stored");
      return bound(Number.isSafeInteger(value) ? BigInt(value) : value);
    case "bigint":
      if (value < LEAST_INTEGER || value > GREATEST_INTEGER) return refused("an integer has 64 bits at most");
      return bound(value);
    case "boolean":
      return bound(value ? 1n : 0n);
    case "object":
      return object(value);
    case "undefined":
    case "function":
    case "symbol":
      return refused(`a value of type ${typeof value} cannot be stored`);
  }
}

function text(value: string): BoundValue {
  if (!value.isWellFormed()) return refused("text that UTF-8 has no bytes for cannot be stored");
  if (value.includes("\0")) return refused("text with a NUL cannot be stored whole");
  return bound(value);
}

function object(value: object | null): BoundValue {
  if (value === null || value instanceof Uint8Array) return bound(value);
  if (!(value instanceof Date)) return refused("an object cannot be stored");
  return Number.isNaN(value.getTime()) ? refused("an invalid date cannot be stored") : bound(value.toISOString());
}

function bound(value: SqliteValue): BoundValue {
  return { ok: true, value };
}

function refused(problem: string): BoundValue {
  return { ok: false, problem };
}
