import type { At, FsmFault } from "./fsm-fault.ts";
import type { Kinded } from "./kinded.ts";

/** What can go wrong with an event that is sent to an interpreter. */
export type InterpreterFault<S extends Kinded = Kinded, E extends Kinded = Kinded, A = unknown> =
  /** The machine refused the event: nothing has changed. */
  | FsmFault<S, E>
  /** The transition has happened; this action threw, and those after it were not performed. */
  | ({ readonly kind: "action-threw"; readonly action: A; readonly cause: unknown } & At<S, E>)
  /** The transition has happened; a watcher threw on being shown the state. The others were shown it all the same. */
  | ({ readonly kind: "watcher-threw"; readonly cause: unknown } & At<S, E>)
  /** One event gave rise to more events than the limit allows: this one was not taken. */
  | ({ readonly kind: "queue-limit"; readonly limit: number } & At<S, E>)
  /** The interpreter has been stopped: the event was not taken. */
  | ({ readonly kind: "stopped" } & At<S, E>);
