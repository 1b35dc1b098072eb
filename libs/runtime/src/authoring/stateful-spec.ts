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
  let state = spec.initial();
  return {
    accept(input, context) {
      // The types of the flow hold that this stage's upstream emits `Input`.
      state = spec.fold(state, input as Input, context);
      return undefined;
    },
    finish: (context) => spec.project(state, context),
  };
}
