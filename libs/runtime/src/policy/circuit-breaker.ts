import type { Clock } from "@refold/core";

import { tallyFor, type CallReport, type CallTally } from "./call-tally.ts";
import type { BreakerOpened, TellDecision } from "./policy-decision.ts";
import type { CircuitBreakerSpec } from "./policy-spec.ts";

/** The state of a breaker. An open one becomes half-open with the first call after its time. */
export type BreakerState =
  | { readonly kind: "closed" }
  | { readonly kind: "open"; readonly untilMs: number }
  | { readonly kind: "half-open"; readonly underWay: number; readonly succeeded: number };

/** Leave to make one attempt. It ends once: by being settled, or released where nothing was learnt. */
export interface BreakerPermit {
  /** False once the breaker has changed since: the permit is good for nothing then. */
  readonly holds: boolean;
  settle(call: CallReport): void;
  release(): void;
}

/** Lets attempts pass while the outside seems well. */
export class CircuitBreaker {
  readonly #spec: CircuitBreakerSpec;
  readonly #clock: Clock;
  readonly #tell: TellDecision;
  readonly #tally: CallTally;
  #state: BreakerState = { kind: "closed" };
  /** Of which state a permit is: what began in an earlier one says nothing about the present. */
  #generation = 0;

  constructor(spec: CircuitBreakerSpec, clock: Clock, tell: TellDecision) {
    this.#spec = spec;
    this.#clock = clock;
    this.#tell = tell;
    this.#tally = tallyFor(spec.trip);
  }

  get state(): BreakerState {
    return this.#state;
  }

  get tally(): CallTally {
    return this.#tally;
  }

  /** For how much longer nothing passes, in milliseconds; undefined if that is not a matter of time. */
  get refusesForMs(): number | undefined {
    return this.#state.kind === "open" ? Math.max(0, this.#state.untilMs - this.#clock.now()) : undefined;
  }

  /** Undefined refuses the attempt. */
  admit(): BreakerPermit | undefined {
    if (this.#state.kind === "open" && this.#clock.now() >= this.#state.untilMs) {
      this.#enter({ kind: "half-open", underWay: 0, succeeded: 0 });
      this.#tell({ policy: "circuit-breaker", decision: "half-opened", detail: undefined });
    }
    const state = this.#state;
    switch (state.kind) {
      case "closed":
        return this.#permit();
      case "open":
        return undefined;
      case "half-open":
        if (state.underWay + state.succeeded >= this.#spec.probes) return undefined;
        this.#state = { ...state, underWay: state.underWay + 1 };
        return this.#permit();
    }
  }

  #permit(): BreakerPermit {
    const generation = this.#generation;
    const isOfNow = (): boolean => generation === this.#generation;
    let ended = false;
    const end = (call?: CallReport): void => {
      if (ended) return;
      ended = true;
      if (isOfNow()) this.#ended(call);
    };
    return {
      get holds() {
        return !ended && isOfNow();
      },
      settle: end,
      release: () => end(),
    };
  }

  #ended(call: CallReport | undefined): void {
    const state = this.#state;
    switch (state.kind) {
      case "closed": {
        if (call === undefined) return;
        this.#tally.add(call);
        const why = this.#tally.reached();
        if (why !== undefined) this.#open(why, this.#tally);
        return;
      }
      case "open":
        // Nothing passes an open breaker, and what passed before it opened is of an earlier generation.
        return;
      case "half-open":
        this.#probed({ ...state, underWay: state.underWay - 1 }, call);
    }
  }

  #probed(state: Extract<BreakerState, { readonly kind: "half-open" }>, call: CallReport | undefined): void {
    this.#state = state;
    if (call === undefined) return;
    const calls = state.succeeded + 1;
    if (call.failed) return this.#open("probe-failed", { calls, failures: 1, slow: 0 });
    if (this.#tally.isSlow(call.durationMs)) return this.#open("probe-slow", { calls, failures: 0, slow: 1 });
    if (calls < this.#spec.probes) {
      this.#state = { ...state, succeeded: calls };
      return;
    }
    this.#tally.clear();
    this.#enter({ kind: "closed" });
    this.#tell({ policy: "circuit-breaker", decision: "closed", detail: undefined });
  }

  #open(why: BreakerOpened["why"], seen: Pick<BreakerOpened, "calls" | "failures" | "slow">): void {
    const { openMs } = this.#spec;
    const { calls, failures, slow } = seen;
    this.#enter({ kind: "open", untilMs: this.#clock.now() + openMs });
    this.#tell({ policy: "circuit-breaker", decision: "opened", detail: { why, calls, failures, slow, openMs } });
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#generation++;
  }
}
