import type { Clock } from "@refold/core";

/**
 * The clock of one run: what goes on record never runs backwards. Where the clock behind it is set back, it goes on from where it
 * was, ahead of that by as much, so that whatever waits for a time to pass waits no longer for it.
 */
export class RunClock implements Clock {
  readonly #clock: Clock;
  /** What the clock behind it told last, and how far this one is ahead of that. */
  #lastMs: number;
  #aheadMs = 0;

  /** `latestMs` is the latest time on record of a run that is gone on with. */
  constructor(clock: Clock, latestMs: number = Number.NEGATIVE_INFINITY) {
    this.#clock = clock;
    this.#lastMs = latestMs;
  }

  now(): number {
    const nowMs = this.#clock.now();
    if (!Number.isFinite(nowMs)) throw new RangeError(`the clock of the run tells ${nowMs}`);
    if (nowMs < this.#lastMs) this.#aheadMs += this.#lastMs - nowMs;
    this.#lastMs = nowMs;
    return nowMs + this.#aheadMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    return this.#clock.schedule(delayMs, run);
  }

  turn(): Promise<void> {
    return this.#clock.turn();
  }
}
