import type { BreakerOpened } from "./policy-decision.ts";
import type { BreakerTrip } from "./policy-spec.ts";

/** How a call went, as far as a breaker cares. */
export interface CallReport {
  readonly failed: boolean;
  readonly durationMs: number;
}

/** What a breaker has seen since it closed. */
export interface CallTally {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  isSlow(durationMs: number): boolean;
  add(call: CallReport): void;
  clear(): void;
  /** Which threshold is reached, if one is. */
  reached(): BreakerOpened["why"] | undefined;
}

export function tallyFor(trip: BreakerTrip): CallTally {
  return trip.kind === "consecutive" ? new FailuresInARow(trip.failures) : new LastCalls(trip);
}

class FailuresInARow implements CallTally {
  readonly slow = 0;
  readonly #limit: number;
  #failures = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get calls(): number {
    return this.#failures;
  }

  get failures(): number {
    return this.#failures;
  }

  isSlow(): boolean {
    return false;
  }

  add({ failed }: CallReport): void {
    this.#failures = failed ? this.#failures + 1 : 0;
  }

  clear(): void {
    this.#failures = 0;
  }

  reached(): BreakerOpened["why"] | undefined {
    return this.#failures >= this.#limit ? "consecutive-failures" : undefined;
  }
}

const FAILED = 1;
const SLOW = 2;

/** The last calls, in a ring. */
class LastCalls implements CallTally {
  readonly #trip: Extract<BreakerTrip, { readonly kind: "window" }>;
  readonly #ring: Uint8Array;
  #calls = 0;
  #failures = 0;
  #slow = 0;
  #at = 0;

  constructor(trip: Extract<BreakerTrip, { readonly kind: "window" }>) {
    this.#trip = trip;
    this.#ring = new Uint8Array(trip.calls);
  }

  get calls(): number {
    return this.#calls;
  }

  get failures(): number {
    return this.#failures;
  }

  get slow(): number {
    return this.#slow;
  }

  isSlow(durationMs: number): boolean {
    return this.#trip.slow !== undefined && durationMs >= this.#trip.slow.ms;
  }

  add({ failed, durationMs }: CallReport): void {
    if (this.#calls === this.#ring.length) this.#count(this.#ring[this.#at] ?? 0, -1);
    const call = (failed ? FAILED : 0) | (this.isSlow(durationMs) ? SLOW : 0);
    this.#ring[this.#at] = call;
    this.#at = (this.#at + 1) % this.#ring.length;
    this.#count(call, 1);
  }

  clear(): void {
    this.#calls = this.#failures = this.#slow = this.#at = 0;
  }

  reached(): BreakerOpened["why"] | undefined {
    const { minimumCalls, failureRate, slow } = this.#trip;
    if (this.#calls < minimumCalls) return undefined;
    if (failureRate !== undefined && this.#failures / this.#calls >= failureRate) return "failure-rate";
    return slow !== undefined && this.#slow / this.#calls >= slow.rate ? "slow-rate" : undefined;
  }

  #count(call: number, by: 1 | -1): void {
    this.#calls += by;
    if ((call & FAILED) !== 0) this.#failures += by;
    if ((call & SLOW) !== 0) this.#slow += by;
  }
}
