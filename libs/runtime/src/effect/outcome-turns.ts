import type { Clock } from "@refold/core";

/**
 * Gives the outcomes of calls for one input to its handler one at a time: while several calls are under way, each outcome has a
 * turn of the event loop to itself. So what a handler asks for next follows from the order of outcomes alone, which is on record,
 * and not from how deep the code is that waits for them.
 */
export class OutcomeTurns {
  readonly #clock: Clock;
  /** How many calls the handler waits for. */
  #underWay = 0;
  /** The turn that an outcome has to itself. */
  #turn: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#underWay++;
  }

  end(): void {
    this.#underWay--;
  }

  /** Waits until an outcome can be given out, and takes the turn. Nothing to wait for where there is one call at a time. */
  take(): Promise<void> | undefined {
    if (this.#underWay <= 1 && this.#turn === undefined) return undefined;
    return this.#whenFree();
  }

  async #whenFree(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
    this.#turn = this.#pass();
  }

  async #pass(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await this.#clock.turn();
    this.#turn = undefined;
  }
}

/** One turn of a real loop runs whatever follows an outcome; those of a clock for tests may be as short as a step of a promise. */
const TURNS = 8;
