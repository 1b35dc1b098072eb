import { setImmediate } from "node:timers";

import type { Clock } from "@refold/core";

const MOST_TIMERS = 100_000;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until a test moves it. Its turns take no real time: a run on this clock goes on by itself until
 * it waits for time to pass or for the outside, see {@link ManualClock.idle}.
 */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  /** Begins at `nowMs`, in milliseconds since 1970. */
  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, in milliseconds since 1970; undefined if none is set. */
  get nextMs(): number | undefined {
    return this.#next(Number.POSITIVE_INFINITY)?.dueMs;
  }

  /**
   * Lets `ms` milliseconds pass: fires what falls due, in the order of time and then of setting, each at its own time; also
   * what is set meanwhile. Throws a RangeError if time would run backwards, or if 100,000 timers do not bring it to an end.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance(${ms}): time does not run backwards`);
    const end = this.#nowMs + ms;
    let fired = 0;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      if (++fired > MOST_TIMERS) throw new RangeError(`advance(${ms}): more than ${MOST_TIMERS} timers fired`);
      this.#timers.delete(timer);
      this.#nowMs = timer.dueMs;
      timer.run();
    }
    this.#nowMs = end;
  }

  /** Resolves when all that can happen without time, and without the outside, has happened. */
  idle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= end && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
