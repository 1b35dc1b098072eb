import type { ContractRecord, LaneId } from "@refold/core";

import type { Loop } from "../edge/loop.ts";

/** How much may come round a cycle for what enters it. */
export interface DivergenceLimits {
  readonly signalsPerRecord: number;
  readonly periodMs: number;
  /** As few as this may always come round within a period. */
  readonly idleSignals: number;
  /** How often a record may come round at all. */
  readonly depthHops: number;
}

/**
 * Counts what enters a cycle against what comes round, in periods, and tells when the cycle feeds itself.
 *
 * What still goes round when a period begins, or when a process takes over the run, has entered before. It may come round as
 * often as the depth leaves to each of its records, in all the periods that are left together: what a cycle multiplies gives
 * it no right to more.
 */
export class DivergenceGuard {
  readonly #limits: DivergenceLimits;
  readonly #backward: LaneId;
  readonly #loop: Pick<Loop, "inFlight">;
  #periodEndsAtMs = Number.NEGATIVE_INFINITY;
  /** How often what was in the cycle when the period began may still come round; of an earlier process it is not known. */
  #carried = Number.POSITIVE_INFINITY;
  #entered = 0;
  #cameRound = 0;
  #told = false;

  constructor(limits: DivergenceLimits, backward: LaneId, loop: Pick<Loop, "inFlight">) {
    this.#limits = limits;
    this.#backward = backward;
    this.#loop = loop;
  }

  /** Takes in a step whose inputs still hold their credit. Gives evidence of a violation, once in a period. */
  count(entered: number, cameRound: number, nowMs: number): ContractRecord | undefined {
    if (nowMs >= this.#periodEndsAtMs) this.#begin(nowMs);
    this.#entered += entered;
    this.#cameRound += cameRound;
    const { idleSignals, signalsPerRecord } = this.#limits;
    const allowed = Math.max(idleSignals, this.#carried + this.#entered * signalsPerRecord);
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

  #begin(nowMs: number): void {
    const { periodMs, signalsPerRecord, depthHops } = this.#limits;
    // One that has come round once too often is counted before it is put aside.
    const ofEach = Math.max(signalsPerRecord, depthHops + 1);
    const left = Math.max(0, this.#carried + this.#entered * ofEach - this.#cameRound);
    this.#periodEndsAtMs = nowMs + periodMs;
    this.#carried = Math.min(this.#loop.inFlight * ofEach, left);
    this.#entered = 0;
    this.#cameRound = 0;
    this.#told = false;
  }
}
