import type { Clock } from "@refold/core";

/** The clock of one run: what goes on record never runs backwards, even where the clock behind it is set back. */
export class RunClock implements Clock {
  readonly #clock: Clock;
  #latestMs: number;

  /** `latestMs` is the latest time on record of a run that is gone on with. */
  constructor(clock: Clock, latestMs: number = Number.NEGATIVE_INFINITY) {
    this.#clock = clock;
    this.#latestMs = latestMs;
  }

  now(): number {
    const nowMs = this.#clock.now();
    if (!Number.isFinite(nowMs)) throw new RangeError(`the clock of the run tells ${nowMs}`);
    if (nowMs > this.#latestMs) this.#latestMs = nowMs;
    return this.#latestMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    return this.#clock.schedule(delayMs, run);
  }

  turn(): Promise<void> {
    return this.#clock.turn();
  }
}
