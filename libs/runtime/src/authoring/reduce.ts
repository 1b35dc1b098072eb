import type { HandlerContext } from "../step/handler-context.ts";
import { settled } from "../step/must-not-await.ts";
import type { Schedule } from "./schedule.ts";
import type { StatefulSpec } from "./stateful-spec.ts";

/** How inputs become one value, which begins with `initial`. */
export interface ReduceSpec<Input, Value> {
  readonly initial: () => Value;
  readonly fold: (value: Value, input: Input, context: HandlerContext) => Value;
  readonly emit: Schedule;
}

/** How inputs become one of their kind: the first of them is where it begins. */
export interface ReduceInputsSpec<Input> {
  readonly initial?: undefined;
  readonly fold: (value: Input, input: Input, context: HandlerContext) => Input;
  readonly emit: Schedule;
}

/** What inputs were reduced to, once there is anything. */
export type Reduced<Value> = { readonly kind: "nothing" } | { readonly kind: "value"; readonly value: Value };

/**
 * Folds all inputs into one value, and emits that value. With `initial`, `onEnd` emits it also if there were no inputs. Without
 * it the first input is the value, `fold` is called from the second one on, and of no inputs nothing is emitted.
 */
export function reduce<Input, Value>(spec: ReduceSpec<Input, Value>): StatefulSpec<Input, Reduced<Value>, Value>;
export function reduce<Input>(spec: ReduceInputsSpec<Input>): StatefulSpec<Input, Reduced<Input>, Input>;
export function reduce<Input>(
  spec: ReduceSpec<Input, Input> | ReduceInputsSpec<Input>,
): StatefulSpec<Input, Reduced<Input>, Input> {
  const { initial, fold, emit } = spec;
  return {
    initial: () => (initial === undefined ? { kind: "nothing" } : { kind: "value", value: settled(initial()) }),
    fold: (reduced, input, context) => ({
      kind: "value",
      value: reduced.kind === "nothing" ? input : settled(fold(reduced.value, input, context)),
    }),
    project: (reduced) => (reduced.kind === "nothing" ? [] : [reduced.value]),
    emit,
    functions: { ...(initial === undefined ? {} : { initial }), fold },
  };
}
