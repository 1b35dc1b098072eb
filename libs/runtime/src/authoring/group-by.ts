import type { HandlerContext } from "../step/handler-context.ts";
import type { Schedule, StatefulSpec } from "./stateful-spec.ts";

/** What `groupBy` emits for each key. */
export interface Group<Key, Value> {
  readonly key: Key;
  readonly value: Value;
}

/** How inputs are grouped. Keys are told apart as those of a `Map`. */
export interface GroupBySpec<Input, Key, Value> {
  readonly key: (input: Input) => Key;
  readonly initial: () => Value;
  readonly fold: (value: Value, input: Input, context: HandlerContext) => Value;
  readonly emit: Schedule;
}

/** Folds the inputs of each key apart, and emits a {@link Group} a key, in the order in which the keys came first. */
export function groupBy<Input, Key, Value>(
  spec: GroupBySpec<Input, Key, Value>,
): StatefulSpec<Input, Map<Key, Value>, Group<Key, Value>> {
  return {
    initial: () => new Map<Key, Value>(),
    fold(groups, input, context) {
      const key = spec.key(input);
      const value = groups.get(key);
      groups.set(
        key,
        spec.fold(value === undefined && !groups.has(key) ? spec.initial() : (value as Value), input, context),
      );
      return groups;
    },
    *project(groups) {
      for (const [key, value] of groups) yield { key, value };
    },
    emit: spec.emit,
  };
}
