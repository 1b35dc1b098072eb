import { checkedKey, MAX_KEYS, maxKeysProblem, type Key } from "./key.ts";
import { lineageOf, type Placed } from "./placed.ts";
import { always, type Schedule } from "./schedule.ts";
import { StateLimitReached } from "./state-limit.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** By what inputs are told apart, and how long that is remembered. */
export interface DistinctSpec<Input, K extends Key> {
  readonly key: (input: Input) => K;
  /** At once, unless told otherwise. */
  readonly emit?: Schedule;
  /** How many keys there may be in the whole run: 1,000,000 unless told otherwise. One more fails the stage. */
  readonly maxKeys?: number;
}

/** How long inputs that are keys themselves are remembered. */
export interface DistinctValuesSpec {
  readonly key?: undefined;
  readonly emit?: Schedule;
  readonly maxKeys?: number;
}

/** Every key there was, and the first inputs of those that have not been emitted yet. */
export interface DistinctState<Input, K extends Key> {
  readonly seen: Set<K>;
  readonly fresh: Map<K, Placed<Input>>;
}

/**
 * Emits the first input of each key, and none of those that follow it. Keys are remembered to the end of the run. Without
 * `key`, inputs that are no objects are told apart as they are.
 */
export function distinct<Input, K extends Key>(
  spec: DistinctSpec<Input, K>,
): StatefulSpec<Input, DistinctState<Input, K>, Input>;
export function distinct<Input extends Key>(
  spec?: DistinctValuesSpec,
): StatefulSpec<Input, DistinctState<Input, Input>, Input>;
export function distinct<Input>(
  spec: DistinctSpec<Input, Key> | DistinctValuesSpec = {},
): StatefulSpec<Input, DistinctState<Input, Key>, Input> {
  // Without `key` the type of the inputs is one of keys, and what is none is refused below.
  const { key: keyOf = (input: Input): Key => input as Key, emit = always(), maxKeys = MAX_KEYS } = spec;
  return {
    initial: () => ({ seen: new Set<Key>(), fresh: new Map<Key, Placed<Input>>() }),
    fold(state, item, { lane, seq }) {
      const key = checkedKey(keyOf(item));
      if (state.seen.has(key)) return state;
      if (state.seen.size >= maxKeys) throw new StateLimitReached("keys", maxKeys);
      state.seen.add(key);
      state.fresh.set(key, { item, lane, seq });
      return state;
    },
    *project({ fresh }) {
      for (const [key, { item }] of fresh) {
        yield item;
        fresh.delete(key);
      }
    },
    emit,
    lineage: (item, { fresh }) => lineageOf(fresh.get(keyOf(item))),
    functions: { key: keyOf },
    problem: maxKeysProblem(maxKeys),
  };
}
