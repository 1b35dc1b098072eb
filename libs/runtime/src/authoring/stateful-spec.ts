import type { HandlerContext } from "../step/handler-context.ts";
import { spansOf, type Lineage } from "../step/lineage.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { ProgramContext, StageProgram } from "../step/stage-program.ts";
import { TracedOutput } from "../step/traced-output.ts";
import type { Schedule } from "./schedule.ts";

/** A stage that folds its inputs into a state, and projects the state into outputs when its schedule says so. */
export interface StatefulSpec<Input, State, Output> {
  readonly initial: () => State;
  /** The next state; the one given may be changed and returned. */
  readonly fold: (state: State, input: Input, context: ProgramContext) => State;
  readonly project: (state: State, context: HandlerContext) => Iterable<Output>;
  readonly emit: Schedule;
  /** Which inputs led to an output of `project`; without it, all that the stage has taken. */
  readonly lineage?: (output: Output, state: State) => Lineage | undefined;
  /** What the author wrote, where the functions above only wrap it: faults and fingerprints are about these. */
  readonly functions?: Readonly<Record<string, unknown>>;
  /** What is wrong with settings of its own, in words that follow the stage's name. */
  readonly problem?: string | undefined;
}

/** What a stateful stage keeps. */
interface Kept<State> {
  state: State;
  /** Inputs that came since the stage last emitted, and the logical time of the first of them. */
  pending: number;
  sinceMs: number;
}

export function statefulProgram<Input, State, Output>(spec: StatefulSpec<Input, State, Output>): StageProgram {
  return new StatefulProgram(spec);
}

class StatefulProgram<Input, State, Output> implements StageProgram {
  readonly #spec: StatefulSpec<Input, State, Output>;
  /** Made when it is first asked for: what `initial` throws is a failure of the stage, as what `fold` throws. */
  #kept: Kept<State> | undefined;

  constructor(spec: StatefulSpec<Input, State, Output>) {
    this.#spec = spec;
  }

  accept(input: unknown, context: ProgramContext): Iterator<unknown> | undefined {
    const kept = this.#kept ?? this.#made();
    const { emit } = this.#spec;
    // The types of the flow hold that this stage's upstream emits `Input`.
    const next = this.#spec.fold(kept.state, input as Input, context);
    mustNotAwait(next);
    kept.state = next;
    if (kept.pending === 0) kept.sinceMs = context.now;
    kept.pending++;
    return emit.kind === "every" && kept.pending >= emit.inputs ? this.#emission(context) : undefined;
  }

  get dueMs(): number | undefined {
    const { emit } = this.#spec;
    const kept = this.#kept;
    return emit.kind === "within" && kept !== undefined && kept.pending > 0 ? kept.sinceMs + emit.ms : undefined;
  }

  fire(context: HandlerContext): Iterator<unknown> {
    return this.#emission(context);
  }

  finish(context: HandlerContext): Iterable<unknown> {
    const { emit } = this.#spec;
    if (emit.kind !== "on-end" && (!emit.atEnd || this.#made().pending === 0)) return [];
    return { [Symbol.iterator]: () => this.#emission(context) };
  }

  snapshot(): unknown {
    return this.#kept;
  }

  restore(state: unknown): void {
    // What `snapshot` gave.
    this.#kept = state as Kept<State> | undefined;
  }

  #made(): Kept<State> {
    if (this.#kept !== undefined) return this.#kept;
    const state = this.#spec.initial();
    mustNotAwait(state);
    return (this.#kept = { state, pending: 0, sinceMs: 0 });
  }

  *#emission(context: HandlerContext): Generator<TracedOutput> {
    const kept = this.#made();
    const { project, lineage } = this.#spec;
    kept.pending = 0;
    const outputs = project(kept.state, context);
    mustNotAwait(outputs);
    for (const output of outputs) {
      const causes = lineage?.(output, kept.state);
      yield TracedOutput.aggregate(output, causes === undefined ? undefined : spansOf(causes));
    }
  }
}
