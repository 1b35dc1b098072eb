import { mustNotAwait } from "../step/must-not-await.ts";

/**
 * By what inputs are told apart, as the keys of a `Map` are. No objects: those are told apart by where they stand in memory,
 * which is not on record.
 */
export type Key = string | number | bigint | boolean | null | undefined;

/** How many keys a state may hold unless it is told otherwise. */
export const MAX_KEYS = 1_000_000;

/** Refuses a key that a replay would tell apart in another way. Throws a TypeError. */
export function checkedKey<K>(key: K): K {
  mustNotAwait(key);
  if (typeof key === "object" ? key === null : typeof key !== "function" && typeof key !== "symbol") return key;
  throw new TypeError(
    `a key is of type ${typeof key}, and can be told apart by its identity alone: give a text instead`,
  );
}

/** What is wrong with the limit of keys, if anything is. */
export function maxKeysProblem(maxKeys: number): string | undefined {
  return wholeNumberProblem("maxKeys", maxKeys);
}

/** What is wrong with an option that has to be a whole number from 1, if anything is. */
export function wholeNumberProblem(option: string, value: number): string | undefined {
  return Number.isSafeInteger(value) && value >= 1
    ? undefined
    : `its \`${option}\` is ${String(value)}: give a whole number from 1`;
}
