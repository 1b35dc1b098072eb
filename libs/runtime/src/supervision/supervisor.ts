import type { LogRecord } from "@refold/core";
import type { Kinded, Machine } from "@refold/fsm";

import type { EventLoopDirective, ExternalEventPolicy } from "./directive.ts";
import type { RecordedFrame } from "./lane-writer.ts";

/**
 * A long-running part: a machine, and what is done in its states. Only the supervision loop drives it. It never touches the
 * machine itself, and nothing that it throws is lost: everything becomes a failure event and goes through the machine.
 */
export interface Supervisor<S extends Kinded, E extends Kinded, A> {
  readonly machine: Machine<S, E, A>;
  /** One piece of work in this state. What it throws, or rejects with, becomes a failure event. */
  dispatch(state: S): EventLoopDirective<E> | Promise<EventLoopDirective<E>>;
  /** Performs an action of a transition that is on record. A failure skips the actions after it. */
  perform(action: A): void | Promise<void>;
  /** The event by which this machine learns of a failure. It should lead to a final state from every other. */
  failure(cause: unknown): E;
  /** What goes on record, once, when the loop has ended. */
  completion?(state: S): readonly LogRecord[];
  /** What goes on record in the same frame as a transition that no directive asked for, such as a failure or a command. */
  alongside?(event: E): readonly LogRecord[];
  /** Hears of each frame that the loop has appended, when the new state is shown and before its actions run. */
  recorded?(frame: RecordedFrame): void | Promise<void>;
  /** Gives back what it holds of the outside, when nothing more can go on record. */
  abandon?(): void | Promise<void>;
}

/** A supervisor that only its own work moves. */
export interface SelfSupervised<S extends Kinded, E extends Kinded, A> extends Supervisor<S, E, A> {
  readonly externalEvents?: never;
}

/** A supervisor that events from outside move as well. */
export interface HandlerSupervised<S extends Kinded, E extends Kinded, A> extends Supervisor<S, E, A> {
  externalEvents(state: S): ExternalEventPolicy;
  /** The event that a closed channel means in this state; `undefined` where it means nothing. */
  channelClosed(state: S): E | undefined;
}
