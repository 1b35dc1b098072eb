import type { AnswerClause, Clause, ErasedHandler, ErasedHook } from "./clause.ts";
import type { Free, Kinded, KindOf, Missing, NumericField, Of } from "./kinded.ts";
import type { Hook, MoveHandler, Stay } from "./step.ts";

/** A described state: what the function given to `state` or `final` returns. */
export interface StateDescription {
  readonly clauses: readonly Clause[];
}

/** Stands where `exhaustive` would be while some events have no answer: their names are in the type. */
export interface EventsWithoutAnswer<Events extends string> {
  readonly eventsWithoutAnswer: Events;
}

/**
 * Describes one state. Every method returns a new description; what has been answered is not offered again.
 *
 * `Own` are the events answered here, `Wild` those that a wildcard described earlier answers.
 */
export interface StateBuilder<
  S extends Kinded,
  E extends Kinded,
  A,
  K extends KindOf<S>,
  Own extends KindOf<E> = never,
  Wild extends KindOf<E> = never,
> extends StateDescription {
  /** Actions of entering this state. The initial state is not entered when a machine begins: no event leads there. */
  entry(hook: Hook<Of<S, K>, E, A>): StateBuilder<S, E, A, K, Own, Wild>;

  /** Actions of leaving this state. */
  exit(hook: Hook<Of<S, K>, E, A>): StateBuilder<S, E, A, K, Own, Wild>;

  /**
   * Moves to one of the declared targets. A move to the state itself leaves and enters it: hooks run and its timeout
   * begins anew; see `stay` for the other kind.
   */
  on<const V extends Free<KindOf<E>, Own>, const T extends KindOf<S>>(
    event: V | readonly [V, ...V[]],
    target: T | readonly T[],
    ...handler: MoveHandler<S, Of<S, K>, Of<E, V>, NoInfer<T>, A>
  ): StateBuilder<S, E, A, K, Own | V, Wild>;

  /** Handles an event without leaving the state: no hook runs, a timeout goes on. The state may get new data. */
  stay<const V extends Free<KindOf<E>, Own>>(
    event: V | readonly [V, ...V[]],
    handler?: (state: Of<S, K>, event: Of<E, V>) => Stay<Of<S, K>, A>,
  ): StateBuilder<S, E, A, K, Own | V, Wild>;

  /** Takes these events and does nothing. */
  ignore<const V extends Free<KindOf<E>, Own>>(
    ...events: readonly [V, ...V[]]
  ): StateBuilder<S, E, A, K, Own | V, Wild>;

  /**
   * Has this event happen once the machine has been in this state for a time: milliseconds, or the name of the field of
   * the state that holds them, read when the state is entered (0 or less is due at once; no finite number is no timeout).
   */
  after(delayMs: number | NumericField<Of<S, K>>, event: E): StateBuilder<S, E, A, K, Own, Wild>;

  /** Compiles only if every event has an answer here: `on`, `stay`, `ignore`, or a wildcard described before this state. */
  readonly exhaustive: [Missing<KindOf<E>, Own | Wild>] extends [never]
    ? () => StateDescription
    : EventsWithoutAnswer<Missing<KindOf<E>, Own | Wild>>;
}

/** Describes a final state: it may be entered, and ignore what comes later. */
export interface FinalBuilder<
  S extends Kinded,
  E extends Kinded,
  A,
  K extends KindOf<S>,
  Own extends KindOf<E> = never,
> extends StateDescription {
  /** Actions of entering this state. */
  entry(hook: Hook<Of<S, K>, E, A>): FinalBuilder<S, E, A, K, Own>;

  /** Takes these events and does nothing. Wildcards do not reach final states. */
  ignore<const V extends Free<KindOf<E>, Own>>(...events: readonly [V, ...V[]]): FinalBuilder<S, E, A, K, Own | V>;
}

const listOf = (names: string | readonly string[]): readonly string[] => (typeof names === "string" ? [names] : names);

/** The clause of a move, for a state or a wildcard. */
export function moveClause(
  events: string | readonly string[],
  targets: string | readonly string[],
  handler?: ErasedHandler,
): AnswerClause {
  return { kind: "move", events: listOf(events), targets: listOf(targets), handler };
}

/** The clause of an internal transition, for a state or a wildcard. */
export function stayClause(events: string | readonly string[], handler?: ErasedHandler): AnswerClause {
  return { kind: "stay", events: listOf(events), handler };
}

/** What stands behind both builders: their type parameters exist only while compiling. */
export class StateClausesBuilder implements StateDescription {
  readonly clauses: readonly Clause[];

  constructor(clauses: readonly Clause[]) {
    this.clauses = clauses;
  }

  entry(hook: ErasedHook): StateClausesBuilder {
    return this.#with({ kind: "entry", hook });
  }

  exit(hook: ErasedHook): StateClausesBuilder {
    return this.#with({ kind: "exit", hook });
  }

  on(
    events: string | readonly string[],
    targets: string | readonly string[],
    handler?: ErasedHandler,
  ): StateClausesBuilder {
    return this.#with(moveClause(events, targets, handler));
  }

  stay(events: string | readonly string[], handler?: ErasedHandler): StateClausesBuilder {
    return this.#with(stayClause(events, handler));
  }

  ignore(...events: readonly string[]): StateClausesBuilder {
    return this.#with({ kind: "ignore", events });
  }

  after(delay: number | string, event: Kinded): StateClausesBuilder {
    return this.#with({ kind: "after", delay, event });
  }

  exhaustive(): StateDescription {
    return this;
  }

  #with(clause: Clause): StateClausesBuilder {
    return new StateClausesBuilder([...this.clauses, clause]);
  }
}
