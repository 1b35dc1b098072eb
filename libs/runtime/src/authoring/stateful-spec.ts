import type { HandlerContext } from "../step/handler-context.ts";
import type { StageProgram } from "../step/stage-program.ts";

/** When a stateful stage emits. */
export type Schedule = { readonly kind: "on-end" };

/** Emits once, when all inputs have ended naturally. */
export function onEnd(): Schedule {
  return { kind: "on-end" };
}

/** A stage that folds its inputs into a state, and projects the state into outputs when its schedule says so. */
export interface StatefulSpec<Input, State, Output> {
  readonly initial: () => State;
  /** The next state; the one given may be changed and returned. */
  readonly fold: (state: State, input: Input, context: HandlerContext) => State;
  readonly project: (state: State, context: HandlerContext) => Iterable<Output>;
  readonly emit: Schedule;
}

export function statefulProgram<Input, State, Output>(spec: StatefulSpec<Input, State, Output>): StageProgram {
  // Made when it is first asked for: what `initial` throws is a failure of the stage, as what `fold` throws.
  let state: { value: State } | undefined;
  const made = (): { value: State } => (state ??= { value: spec.initial() });
  return {
    accept(input, context) {
      const current = state ?? made();
      // The types of the flow hold that this stage's upstream emits `Input`.
      current.value = spec.fold(current.value, input as Input, context);
      return undefined;
    },
    finish: (context) => spec.project(made().value, context),
  };
}
