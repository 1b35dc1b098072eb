import type { Lineage } from "../step/lineage.ts";

/** What is ranked by a number, with what led to it. */
export interface Entry<T> {
  readonly item: T;
  readonly value: number;
  readonly lineage: Lineage;
}

/** Refuses what has no place in any order. Throws a TypeError. */
export function rankable(value: number): number {
  if (typeof value !== "number" || Number.isNaN(value))
    throw new TypeError(`\`by\` gave ${String(value)}, which ranks nothing`);
  return value;
}

/** Puts an entry into a list of the `n` greatest, which are in order; of equal ones the first to come stays first. */
export function rankInto<T>(greatest: Entry<T>[], entry: Entry<T>, n: number): void {
  let from = 0;
  let to = greatest.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((greatest[middle] as Entry<T>).value >= entry.value) from = middle + 1;
    else to = middle;
  }
  if (from >= n) return;
  greatest.splice(from, 0, entry);
  if (greatest.length > n) greatest.pop();
}

/** The `n` greatest of all entries, in order; of equal ones the first to come is first. */
export function greatestOf<T>(entries: Iterable<Entry<T>>, n: number): readonly Entry<T>[] {
  const greatest: Entry<T>[] = [];
  for (const entry of entries) rankInto(greatest, entry, n);
  return greatest;
}
