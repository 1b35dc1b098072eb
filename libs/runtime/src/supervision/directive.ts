import type { LogRecord } from "@refold/core";

/** What the supervision loop is to do next. */
export type EventLoopDirective<E> =
  | { readonly kind: "continue" }
  /** Takes the event through the machine. `records` go on record in the same frame, before the transition. */
  | { readonly kind: "transition"; readonly event: E; readonly records?: readonly LogRecord[] }
  | { readonly kind: "terminate" };

/**
 * How external events are met in a state: `block` waits for one before anything else, `poll` takes one if there is one and
 * then works, `ignore` leaves them queued for a later state.
 */
export type ExternalEventPolicy = "block" | "poll" | "ignore";
