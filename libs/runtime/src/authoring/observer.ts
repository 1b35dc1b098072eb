import type { RejectedInput } from "../edge/record-view.ts";
import type { MayBePromise } from "./pure-handler.ts";
import type { Observed, ObservedMove, ObserverHandlers } from "../stage/observer-handlers.ts";

/** Refuses, by its text, a handler that returns a promise, or may. What else it returns does not matter. */
export type LookingOn<Returned> = MayBePromise<Returned> extends true ? "an observer must not await" : unknown;

/** A function that looks on. What it returns is of no use to anybody. */
export type ObserverHandler<Seen, Returned> = ((seen: Seen, at: Observed) => Returned) & LookingOn<Returned>;

/** What an observer is to be shown. A handler that throws has the observer quarantined: it is shown nothing more. */
export interface Observer<T, Item, Rejected, Lifecycle> {
  /** Each item of the stream: a copy, unless `development.freeze` has made sure that nobody can change the item itself. */
  readonly item?: ObserverHandler<T, Item>;
  /**
   * Each input that a stage of the stream rejected, of whatever kind; and each that was rejected before it and is handed on,
   * whose `input` is undefined.
   */
  readonly rejected?: ObserverHandler<RejectedInput<unknown>, Rejected>;
  /**
   * Each transition of the stages of the stream. A run that is cancelled, or fails, cancels its observers too, so the last ones
   * may be missing.
   */
  readonly lifecycle?: ObserverHandler<ObservedMove, Lifecycle>;
}

/** Callers without a compiler may give anything; what is no function is told of as such. */
export function observerHandlers(observer: unknown): ObserverHandlers {
  if (typeof observer !== "object" || observer === null) {
    return { item: observer as ObserverHandlers["item"], rejected: undefined, lifecycle: undefined };
  }
  const { item, rejected, lifecycle } = observer as Partial<ObserverHandlers>;
  return { item, rejected, lifecycle };
}
