import { checkedKey, MAX_KEYS, maxKeysProblem, type Key } from "./key.ts";
import { lineageOf, type Placed } from "./placed.ts";
import type { Schedule } from "./schedule.ts";
import { StateLimitReached } from "./state-limit.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** What is conflated. */
export interface ConflateSpec<Input, K extends Key> {
  readonly key: (input: Input) => K;
  readonly emit: Schedule;
  /** How many keys may wait for the next emission: 1,000,000 unless told otherwise. One more fails the stage. */
  readonly maxKeys?: number;
}

/**
 * Keeps the latest input of each key, and emits it: an input that another one of its key follows before the next emission is
 * left out. What has been emitted is forgotten, so only keys with new inputs are emitted again, in the order in which they came
 * first since the last emission.
 */
export function conflate<Input, K extends Key>(
  spec: ConflateSpec<Input, K>,
): StatefulSpec<Input, Map<K, Placed<Input>>, Input> {
  const { key: keyOf, emit, maxKeys = MAX_KEYS } = spec;
  return {
    initial: () => new Map<K, Placed<Input>>(),
    fold(latest, item, { lane, seq }) {
      const key = checkedKey(keyOf(item));
      if (latest.size >= maxKeys && !latest.has(key)) throw new StateLimitReached("keys", maxKeys);
      return latest.set(key, { item, lane, seq });
    },
    *project(latest) {
      for (const [key, { item }] of latest) {
        yield item;
        latest.delete(key);
      }
    },
    emit,
    lineage: (item, latest) => lineageOf(latest.get(keyOf(item))),
    functions: { key: keyOf },
    problem: maxKeysProblem(maxKeys),
  };
}
