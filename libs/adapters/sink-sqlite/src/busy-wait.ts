import { setTimeout } from "node:timers/promises";

import { isBusy } from "./result-code.ts";

/** How long to wait between attempts, in milliseconds; then always the last one again. */
const DELAYS_MS = [1, 2, 5, 10, 20, 50, 100] as const;
const LAST = DELAYS_MS.length - 1;

/** Waits so many milliseconds. */
export type Sleep = (ms: number) => Promise<unknown>;

/** Tries again while another connection holds the database. SQLite's own waiting would hold up the whole process. */
export class BusyWait {
  readonly timeoutMs: number;
  readonly #sleep: Sleep;

  constructor(timeoutMs: number, sleep: Sleep = (ms) => setTimeout(ms)) {
    this.timeoutMs = timeoutMs;
    this.#sleep = sleep;
  }

  /** Throws what `attempt` throws when it is busy no more, or still is after the timeout. */
  async until<R>(attempt: () => R | Promise<R>): Promise<R> {
    let waitedMs = 0;
    for (let waits = 0; ; waits++) {
      try {
        return await attempt();
      } catch (cause) {
        if (!isBusy(cause) || waitedMs >= this.timeoutMs) throw cause;
      }
      const delayMs = Math.min(DELAYS_MS[Math.min(waits, LAST)] as number, this.timeoutMs - waitedMs);
      await this.#sleep(delayMs);
      waitedMs += delayMs;
    }
  }
}
