import type { Kinded } from "@refold/fsm";

import type { RejectedInput } from "../edge/record-view.ts";

/** Where what an observer sees stands on record, and since when. */
export interface Observed {
  /** As people write it: `stage:seq`. */
  readonly place: string;
  /** When it went on record, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** A transition of a stage, as it is on record. */
export interface ObservedMove {
  readonly stage: string;
  /** What moved it, with what the event says: that of `fail` has the fault. */
  readonly event: Readonly<Kinded>;
  readonly from: string;
  readonly to: string;
}

/** What an observer calls. What one of them returns is of no use to anybody. */
export interface ObserverHandlers {
  readonly item: ((item: unknown, at: Observed) => unknown) | undefined;
  readonly rejected: ((rejected: RejectedInput<unknown>, at: Observed) => unknown) | undefined;
  readonly lifecycle: ((move: ObservedMove, at: Observed) => unknown) | undefined;
}
