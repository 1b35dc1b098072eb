import { groupBy, type Group, type Grouped } from "./group-by.ts";
import type { Key } from "./key.ts";
import { reduce, type Reduced } from "./reduce.ts";
import type { Schedule } from "./schedule.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** What is counted apart. */
export interface CountByKeySpec<Input, K extends Key> {
  readonly key: (input: Input) => K;
  readonly emit: Schedule;
  /** How many keys there may be: 1,000,000 unless told otherwise. An input with one more fails the stage. */
  readonly maxKeys?: number;
}

/**
 * Counts the inputs from the beginning of the run: with `key` those of each key, emitting a {@link Group} a key in the order in
 * which the keys came first, and without it all of them, emitting a number. With `onEnd` that is 0 if there were none.
 */
export function count<Input, K extends Key>(
  spec: CountByKeySpec<Input, K>,
): StatefulSpec<Input, Map<K, Grouped<number>>, Group<K, number>>;
export function count(spec: {
  readonly key?: undefined;
  readonly emit: Schedule;
}): StatefulSpec<unknown, Reduced<number>, number>;
export function count(
  spec: CountByKeySpec<unknown, Key> | { readonly key?: undefined; readonly emit: Schedule },
):
  | StatefulSpec<unknown, Map<Key, Grouped<number>>, Group<Key, number>>
  | StatefulSpec<unknown, Reduced<number>, number> {
  const counting = { initial: () => 0, fold: (sum: number) => sum + 1 };
  return spec.key === undefined ? reduce({ ...counting, emit: spec.emit }) : groupBy({ ...counting, ...spec });
}
