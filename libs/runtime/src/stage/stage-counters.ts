import { Histogram } from "@refold/core";

/** Live figures of a stage. They are not on record; whoever wants history folds the log. */
export class StageCounters {
  /** Data records taken in, and data records put on record. */
  in = 0;
  out = 0;
  /** Inputs taken whose outcome is not on record yet. */
  inFlight = 0;
  /** Milliseconds spent waiting for credit downstream or room in the log. */
  blockedMs = 0;
  /** Milliseconds of each step, from taking its inputs to its frame being accepted. */
  readonly stepMs: Histogram = new Histogram();
}
