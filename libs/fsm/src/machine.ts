import type { Result } from "neverthrow";

import type { MachineDescription } from "./description.ts";
import type { FoldFault, FsmFault } from "./fsm-fault.ts";
import type { Kinded, KindOf } from "./kinded.ts";
import type { Step } from "./step.ts";

/** A timeout as data: `event` is to happen `afterMs` milliseconds after the state was entered. */
export interface Timeout<E> {
  readonly afterMs: number;
  readonly event: E;
}

/** A checked machine. It holds no state of its own: any number of runs can share it. */
export interface Machine<S extends Kinded, E extends Kinded, A = never> {
  readonly name: string;
  readonly initial: S;
  /** Every state kind, in the order of the description. */
  readonly states: readonly KindOf<S>[];

  /** Where an event leads, and what is then to be done. It is pure, never throws, and is all or nothing. */
  transition(state: S, event: E): Result<Step<S, A>, FsmFault<S, E>>;

  /** The state that the events lead to, from the initial one if no other is given. Actions are left aside. */
  fold(events: Iterable<E>, from?: S): Result<S, FoldFault<S, E>>;

  /** True if the machine has ended in this state. */
  isFinal(state: S): boolean;

  /** The timeout that begins when this state is entered, if it has one. */
  timeout(state: S): Timeout<E> | undefined;

  /** The machine as plain data. */
  describe(): MachineDescription;
}
