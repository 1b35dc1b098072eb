import { addToLineage, type Lineage } from "../step/lineage.ts";
import { settled } from "../step/must-not-await.ts";
import type { ProgramContext } from "../step/stage-program.ts";
import { checkedKey, MAX_KEYS, maxKeysProblem } from "./key.ts";
import type { Schedule } from "./schedule.ts";
import { StateLimitReached } from "./state-limit.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** What `groupBy` emits for each key. */
export interface Group<Key, Value> {
  readonly key: Key;
  readonly value: Value;
}

/** How inputs are grouped. Keys are told apart as those of a `Map`; one that is an object fails the stage. */
export interface GroupBySpec<Input, Key, Value> {
  readonly key: (input: Input) => Key;
  readonly initial: () => Value;
  readonly fold: (value: Value, input: Input, context: ProgramContext) => Value;
  readonly emit: Schedule;
  /** How many keys there may be: 1,000,000 unless told otherwise. An input with one more fails the stage. */
  readonly maxKeys?: number;
}

/** What is known of a key. */
export interface Grouped<Value> {
  value: Value;
  readonly lineage: Lineage;
}

/** Folds the inputs of each key apart, and emits a {@link Group} a key, in the order in which the keys came first. */
export function groupBy<Input, Key, Value>(
  spec: GroupBySpec<Input, Key, Value>,
): StatefulSpec<Input, Map<Key, Grouped<Value>>, Group<Key, Value>> {
  const { key: keyOf, initial: initialOf, fold: foldOf, maxKeys = MAX_KEYS } = spec;
  return {
    problem: maxKeysProblem(maxKeys),
    functions: { key: keyOf, initial: initialOf, fold: foldOf },
    initial: () => new Map<Key, Grouped<Value>>(),
    fold(groups, input, context) {
      const key = checkedKey(keyOf(input));
      let group = groups.get(key);
      if (group === undefined) {
        if (groups.size >= maxKeys) throw new StateLimitReached("keys", maxKeys);
        group = { value: settled(initialOf()), lineage: [] };
        groups.set(key, group);
      }
      group.value = settled(foldOf(group.value, input, context));
      addToLineage(group.lineage, context.lane, context.seq);
      return groups;
    },
    *project(groups) {
      for (const [key, { value }] of groups) yield { key, value };
    },
    emit: spec.emit,
    lineage: ({ key }, groups) => groups.get(key)?.lineage,
  };
}
