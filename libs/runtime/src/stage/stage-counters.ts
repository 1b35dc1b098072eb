import { Histogram, type ErrorKind } from "@refold/core";

/** Live figures of a stage. They are not on record; whoever wants history folds the log. */
export class StageCounters {
  /** Data records taken in, and data records put on record. */
  in = 0;
  out = 0;
  /** Inputs taken whose outcome is not on record yet. */
  inFlight = 0;
  /** Milliseconds spent waiting for credit downstream or room in the log. */
  blockedMs = 0;
  /** Inputs that the stage rejected. */
  readonly errors: Record<ErrorKind, number> = {
    timeout: 0,
    remote: 0,
    "rate-limited": 0,
    permanent: 0,
    deserialization: 0,
    validation: 0,
    domain: 0,
    unknown: 0,
  };
  /** Milliseconds of each step, from taking its inputs to its frame being accepted. */
  readonly stepMs: Histogram = new Histogram();
  /** How often each policy has decided what, by both names. */
  readonly decisions: Map<string, { readonly policy: string; readonly decision: string; count: number }> = new Map();

  decided(policy: string, decision: string): void {
    const name = `${policy} ${decision}`;
    const known = this.decisions.get(name);
    if (known === undefined) this.decisions.set(name, { policy, decision, count: 1 });
    else known.count++;
  }
}
