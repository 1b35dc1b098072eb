import type { Clock } from "@refold/core";

const STEPS_A_TURN = 16;

/**
 * Shares one thread among the supervisors of a run. Between steps a supervisor lets the others go on; every few steps all of
 * them wait for the next turn of the event loop, so that writes complete and timers fire under full load.
 */
export class Turns {
  readonly #clock: Clock;
  #steps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  pause(): Promise<void> | undefined {
    this.#steps = (this.#steps + 1) % STEPS_A_TURN;
    return this.#steps === 0 ? this.#clock.turn() : undefined;
  }
}
