import type { Kinded, NameSuffices, Of } from "./kinded.ts";

/**
 * What an event did.
 *
 * - `moved`: a state was left and one was entered, which may be the same one again. Exit and entry hooks have run, and the
 *   timeout of the state entered begins.
 * - `stayed`: an internal handler ran. No hook did, and a timeout that is under way goes on.
 * - `ignored`: nothing happened. `state` is the very value that was given.
 */
export interface Step<S, A> {
  readonly kind: "moved" | "stayed" | "ignored";
  readonly state: S;
  /** To be performed in this order: those of the exit hook, of the entry hook, of the handler. */
  readonly actions: readonly A[];
}

/** Actions alone, for a handler that has no more to say. */
export interface Acts<A> {
  readonly actions?: readonly A[];
  /** A promise is no answer: handlers are pure. */
  readonly then?: never;
}

/** What the handler of an internal transition returns. Without `state` the state remains the value it was. */
export interface Stay<S, A> extends Acts<A> {
  readonly state?: S;
}

/** What the handler of a move returns. The state may be left out where the name of the target says all. */
export type Move<S extends Kinded, T extends string, A> =
  NameSuffices<S, T> extends true ? Stay<Of<S, T>, A> : Acts<A> & { readonly state: Of<S, T> };

/** A pure function that gives the actions of entering or leaving a state. */
export type Hook<S, E, A> = (state: S, event: E) => readonly A[];

/** The handler, as the last argument of a move: it may be left out where the name of the target says all. */
export type MoveHandler<S extends Kinded, From, Event, T extends string, A> =
  NameSuffices<S, T> extends true
    ? [handler?: (state: From, event: Event) => Move<S, T, A>]
    : [handler: (state: From, event: Event) => Move<S, T, A>];
