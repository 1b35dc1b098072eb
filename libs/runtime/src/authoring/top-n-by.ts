import { addToLineage, type Lineage } from "../step/lineage.ts";
import { checkedKey, MAX_KEYS, maxKeysProblem, wholeNumberProblem, type Key } from "./key.ts";
import { greatestOf, rankable, type Entry } from "./ranked.ts";
import type { Schedule } from "./schedule.ts";
import { StateLimitReached } from "./state-limit.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** What `topNBy` emits for each place. */
export interface RankedKey<K> {
  /** From 1: with it a new ranking begins. */
  readonly rank: number;
  readonly key: K;
  readonly sum: number;
}

/** Of what sums the greatest are sought. */
export interface TopNBySpec<Input, K extends Key> {
  /** How many: a whole number from 1. */
  readonly n: number;
  readonly key: (input: Input) => K;
  /** What an input adds to the sum of its key. A sum that is NaN fails the stage. */
  readonly by: (input: Input) => number;
  readonly emit: Schedule;
  /** How many keys there may be: 1,000,000 unless told otherwise. An input with one more fails the stage. */
  readonly maxKeys?: number;
}

/** The sum of a key, and what led to it. */
export interface KeySum {
  sum: number;
  readonly lineage: Lineage;
}

/**
 * Sums what the inputs of each key count for, since the beginning of the run, and emits the `n` greatest sums, the greatest
 * first; of equal ones that of the key that came first. The state holds a sum for each key.
 */
export function topNBy<Input, K extends Key>(
  spec: TopNBySpec<Input, K>,
): StatefulSpec<Input, Map<K, KeySum>, RankedKey<K>> {
  const { n, key: keyOf, by, emit, maxKeys = MAX_KEYS } = spec;
  return {
    initial: () => new Map<K, KeySum>(),
    fold(sums, input, { lane, seq }) {
      const key = checkedKey(keyOf(input));
      let of = sums.get(key);
      if (of === undefined) {
        if (sums.size >= maxKeys) throw new StateLimitReached("keys", maxKeys);
        of = { sum: 0, lineage: [] };
        sums.set(key, of);
      }
      of.sum = rankable(of.sum + rankable(by(input)));
      addToLineage(of.lineage, lane, seq);
      return sums;
    },
    *project(sums) {
      let rank = 0;
      for (const { item: key, value: sum } of greatestOf(entriesOf(sums), n)) yield { rank: ++rank, key, sum };
    },
    emit,
    lineage: ({ key }, sums) => sums.get(key)?.lineage,
    functions: { key: keyOf, by },
    problem: wholeNumberProblem("n", n) ?? maxKeysProblem(maxKeys),
  };
}

function* entriesOf<K>(sums: ReadonlyMap<K, KeySum>): Generator<Entry<K>> {
  for (const [item, { sum: value, lineage }] of sums) yield { item, value, lineage };
}
