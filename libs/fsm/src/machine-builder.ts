import { err, ok, type Result } from "neverthrow";

import type { BuildFault } from "./build-fault.ts";
import { checkDraft } from "./check-draft.ts";
import type { AnswerClause, Draft, ErasedHandler, StateClauses } from "./clause.ts";
import { explain } from "./explain.ts";
import type { Free, Kinded, KindOf, Missing, Of } from "./kinded.ts";
import type { Machine } from "./machine.ts";
import {
  type FinalBuilder,
  moveClause,
  type StateBuilder,
  StateClausesBuilder,
  type StateDescription,
  stayClause,
} from "./state-builder.ts";
import type { Acts, MoveHandler } from "./step.ts";
import { TableMachine } from "./table-machine.ts";

/** Stands where `build` would be while some states are not described: their names are in the type. */
export interface StatesNotDescribed<States extends string> {
  readonly statesNotDescribed: States;
}

/**
 * Describes a machine. Every method returns a new description, so that one may serve as the beginning of several.
 *
 * `Done` are the states described so far, `Wild` the events that wildcards answer.
 */
export interface MachineBuilder<
  S extends Kinded,
  E extends Kinded,
  A,
  Done extends KindOf<S> = never,
  Wild extends KindOf<E> = never,
> {
  /** Describes a state. */
  state<const K extends Free<KindOf<S>, Done>>(
    kind: K,
    describe?: (state: StateBuilder<S, E, A, K, never, Wild>) => StateDescription,
  ): MachineBuilder<S, E, A, Done | K, Wild>;

  /** Describes a state in which the machine ends. */
  final<const K extends Free<KindOf<S>, Done>>(
    kind: K,
    describe?: (state: FinalBuilder<S, E, A, K>) => StateDescription,
  ): MachineBuilder<S, E, A, Done | K, Wild>;

  /** Moves from every state that is not final and has no answer of its own to this event. */
  any<const V extends Free<KindOf<E>, Wild>, const T extends KindOf<S>>(
    event: V | readonly [V, ...V[]],
    target: T | readonly T[],
    ...handler: MoveHandler<S, S, Of<E, V>, NoInfer<T>, A>
  ): MachineBuilder<S, E, A, Done, Wild | V>;

  /** Handles an event, without leaving it, in every state that is not final and has no answer of its own to it. */
  anyStay<const V extends Free<KindOf<E>, Wild>>(
    event: V | readonly [V, ...V[]],
    handler?: (state: S, event: Of<E, V>) => Acts<A>,
  ): MachineBuilder<S, E, A, Done, Wild | V>;

  /** Ignores these events in every state that is not final and has no answer of its own to them. */
  anyIgnore<const V extends Free<KindOf<E>, Wild>>(
    ...events: readonly [V, ...V[]]
  ): MachineBuilder<S, E, A, Done, Wild | V>;

  /** What becomes of an event without an answer: a fault (the default), or nothing. */
  unhandled(policy: "fault" | "ignore"): MachineBuilder<S, E, A, Done, Wild>;

  /** Checks the description. Compiles only when every state is described. */
  readonly build: [Missing<KindOf<S>, Done>] extends [never]
    ? () => Result<Machine<S, E, A>, readonly BuildFault[]>
    : StatesNotDescribed<Missing<KindOf<S>, Done>>;

  /** As `build`, for a machine that is part of the program: throws an error that names every fault. */
  readonly buildOrThrow: [Missing<KindOf<S>, Done>] extends [never]
    ? () => Machine<S, E, A>
    : StatesNotDescribed<Missing<KindOf<S>, Done>>;
}

/** Begins the description of a machine. The name stands in its faults and diagrams. */
export function machine<S extends Kinded, E extends Kinded, A = never>(
  name: string,
  initial: NoInfer<S>,
): MachineBuilder<S, E, A> {
  const draft: Draft = { name, initial, states: [], wildcards: [], unhandled: "fault" };
  // The type parameters of the builder exist only while compiling, so the class behind it cannot state them.
  return new DraftBuilder(draft) as unknown as MachineBuilder<S, E, A>;
}

class DraftBuilder {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  state(state: string, describe?: (state: StateClausesBuilder) => StateDescription): DraftBuilder {
    return this.#withState(state, false, describe);
  }

  final(state: string, describe?: (state: StateClausesBuilder) => StateDescription): DraftBuilder {
    return this.#withState(state, true, describe);
  }

  any(events: string | readonly string[], targets: string | readonly string[], handler?: ErasedHandler): DraftBuilder {
    return this.#withWildcard(moveClause(events, targets, handler));
  }

  anyStay(events: string | readonly string[], handler?: ErasedHandler): DraftBuilder {
    return this.#withWildcard(stayClause(events, handler));
  }

  anyIgnore(...events: readonly string[]): DraftBuilder {
    return this.#withWildcard({ kind: "ignore", events });
  }

  unhandled(policy: "fault" | "ignore"): DraftBuilder {
    return new DraftBuilder({ ...this.#draft, unhandled: policy });
  }

  build(): Result<TableMachine, readonly BuildFault[]> {
    const faults = checkDraft(this.#draft);
    return faults.length > 0 ? err(faults) : ok(new TableMachine(this.#draft));
  }

  buildOrThrow(): TableMachine {
    return this.build().match(
      (built) => built,
      (faults) => {
        throw new Error([`The machine "${this.#draft.name}" cannot be built:`, ...faults.map(explain)].join("\n- "), {
          cause: faults,
        });
      },
    );
  }

  #withState(state: string, final: boolean, describe?: (state: StateClausesBuilder) => StateDescription): DraftBuilder {
    const clauses = describe?.(new StateClausesBuilder([])).clauses ?? [];
    const described: StateClauses = { state, final, clauses };
    return new DraftBuilder({ ...this.#draft, states: [...this.#draft.states, described] });
  }

  #withWildcard(wildcard: AnswerClause): DraftBuilder {
    return new DraftBuilder({ ...this.#draft, wildcards: [...this.#draft.wildcards, wildcard] });
  }
}
