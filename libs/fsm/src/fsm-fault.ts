import type { Kinded } from "./kinded.ts";

/** Where it happened. */
export interface At<S, E> {
  /** The name of the machine. */
  readonly machine: string;
  /** The state at the time. After a fault of the machine it is also the state still. */
  readonly state: S;
  /** The event that could not be taken. */
  readonly event: E;
}

/** Why a transition did not happen. Nothing has changed, and no action is to be performed. */
export type FsmFault<S extends Kinded = Kinded, E extends Kinded = Kinded> =
  /** The state, and the wildcards, have no answer to this event, and the machine's policy is `"fault"`. */
  | ({ readonly kind: "unhandled-event" } & At<S, E>)
  /** The value given as the state is none of this machine's. */
  | ({ readonly kind: "unknown-state" } & At<S, E>)
  /** The handler threw. */
  | ({ readonly kind: "handler-threw"; readonly cause: unknown } & At<S, E>)
  /** The entry or exit hook of the state named `of` threw. */
  | ({
      readonly kind: "hook-threw";
      readonly hook: "entry" | "exit";
      readonly of: string;
      readonly cause: unknown;
    } & At<S, E>)
  /** The handler returned a state of another kind than it had declared, or none where one was needed. */
  | ({
      readonly kind: "undeclared-target";
      readonly declared: readonly string[];
      readonly returned: string | undefined;
    } & At<S, E>);

/** A fault of a fold, with the place of the failing event among the events, from 0. */
export type FoldFault<S extends Kinded = Kinded, E extends Kinded = Kinded> = FsmFault<S, E> & {
  readonly index: number;
};
