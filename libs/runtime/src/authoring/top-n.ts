import { addToLineage, type Lineage } from "../step/lineage.ts";
import { checkedKey, MAX_KEYS, maxKeysProblem, wholeNumberProblem, type Key } from "./key.ts";
import { greatestOf, rankable, rankInto, type Entry } from "./ranked.ts";
import type { Schedule } from "./schedule.ts";
import { StateLimitReached } from "./state-limit.ts";
import type { StatefulSpec } from "./stateful-spec.ts";
import type { ProgramContext } from "../step/stage-program.ts";

/** What `topN` emits for each place. */
export interface Ranked<T> {
  /** From 1: with it a new ranking begins. */
  readonly rank: number;
  /** What it is ranked by. */
  readonly value: number;
  readonly item: T;
}

/** Of what, and by what, the greatest are sought. */
export interface TopNSpec<Input> {
  /** How many: a whole number from 1. */
  readonly n: number;
  /** By what inputs are ranked. NaN fails the stage. */
  readonly by: (input: Input) => number;
  readonly emit: Schedule;
}

export interface TopNByKeySpec<Input, K extends Key> extends TopNSpec<Input> {
  /** Only the latest input of each key is ranked. */
  readonly key: (input: Input) => K;
  /** How many keys there may be: 1,000,000 unless told otherwise. An input with one more fails the stage. */
  readonly maxKeys?: number;
}

/**
 * Ranks the inputs since the beginning of the run, and emits the `n` greatest of them, the greatest first. Without `key` the
 * state holds no more than these, and of equal inputs the first to come is first. With `key` the latest input of a key
 * takes the place of those before it, even if it is less; the state holds one for each key, and of equal ones that of the
 * key that came first is first.
 */
export function topN<Input, K extends Key>(
  spec: TopNByKeySpec<Input, K>,
): StatefulSpec<Input, Map<K, Entry<Input>>, Ranked<Input>>;
export function topN<Input>(
  spec: TopNSpec<Input> & { readonly key?: undefined },
): StatefulSpec<Input, Entry<Input>[], Ranked<Input>>;
export function topN<Input>(
  spec: TopNByKeySpec<Input, Key> | (TopNSpec<Input> & { readonly key?: undefined }),
): StatefulSpec<Input, Map<Key, Entry<Input>>, Ranked<Input>> | StatefulSpec<Input, Entry<Input>[], Ranked<Input>> {
  return spec.key === undefined ? topOfAll(spec) : topOfLatest(spec);
}

function topOfAll<Input>({ n, by, emit }: TopNSpec<Input>): StatefulSpec<Input, Entry<Input>[], Ranked<Input>> {
  return {
    initial: () => [],
    fold(greatest, item, context) {
      rankInto(greatest, entryOf(item, by, context), n);
      return greatest;
    },
    project: (greatest) => greatest.map(ranked),
    emit,
    lineage: ({ rank }, greatest) => greatest[rank - 1]?.lineage,
    functions: { by },
    problem: wholeNumberProblem("n", n),
  };
}

function topOfLatest<Input, K extends Key>(
  spec: TopNByKeySpec<Input, K>,
): StatefulSpec<Input, Map<K, Entry<Input>>, Ranked<Input>> {
  const { n, by, key: keyOf, emit, maxKeys = MAX_KEYS } = spec;
  return {
    initial: () => new Map<K, Entry<Input>>(),
    fold(latest, item, context) {
      const key = checkedKey(keyOf(item));
      if (latest.size >= maxKeys && !latest.has(key)) throw new StateLimitReached("keys", maxKeys);
      return latest.set(key, entryOf(item, by, context));
    },
    project: (latest) => greatestOf(latest.values(), n).map(ranked),
    emit,
    lineage: ({ item }, latest) => latest.get(keyOf(item))?.lineage,
    functions: { by, key: keyOf },
    problem: wholeNumberProblem("n", n) ?? maxKeysProblem(maxKeys),
  };
}

function entryOf<Input>(item: Input, by: (input: Input) => number, { lane, seq }: ProgramContext): Entry<Input> {
  const lineage: Lineage = [];
  addToLineage(lineage, lane, seq);
  return { item, value: rankable(by(item)), lineage };
}

function ranked<T>({ item, value }: Entry<T>, index: number): Ranked<T> {
  return { rank: index + 1, value, item };
}
