import type { ContractRecord, LaneId } from "@refold/core";

/** How much may come round a cycle for what enters it. */
export interface DivergenceLimits {
  readonly signalsPerRecord: number;
  readonly periodMs: number;
  /** As few as this may always come round within a period. */
  readonly idleSignals: number;
}

/** Counts what enters a cycle against what comes round, in periods, and tells when the cycle feeds itself. */
export class DivergenceGuard {
  readonly #limits: DivergenceLimits;
  readonly #backward: LaneId;
  #periodEndsAtMs = Number.NEGATIVE_INFINITY;
  #entered = 0;
  #cameRound = 0;
  #told = false;

  constructor(limits: DivergenceLimits, backward: LaneId) {
    this.#limits = limits;
    this.#backward = backward;
  }

  /** Takes in a step. Gives evidence of a violation, once in a period. */
  count(entered: number, cameRound: number, nowMs: number): ContractRecord | undefined {
    if (nowMs >= this.#periodEndsAtMs) {
      this.#periodEndsAtMs = nowMs + this.#limits.periodMs;
      this.#entered = 0;
      this.#cameRound = 0;
      this.#told = false;
    }
    this.#entered += entered;
    this.#cameRound += cameRound;
    const allowed = Math.max(this.#limits.idleSignals, this.#entered * this.#limits.signalsPerRecord);
    if (this.#told || this.#cameRound <= allowed) return undefined;
    this.#told = true;
    return {
      kind: "contract",
      contract: "divergence",
      upstream: this.#backward,
      verdict: "violated",
      advertised: allowed,
      read: this.#cameRound,
    };
  }
}
