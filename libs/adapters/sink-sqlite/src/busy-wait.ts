import { setTimeout } from "node:timers/promises";

import { isBusy } from "./result-code.ts";

/** How long to wait between attempts, in milliseconds; then always the last one again. */
const DELAYS_MS: readonly [number, ...number[]] = [100, 50, 20, 10, 5, 2, 1];

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
    const delays = [...DELAYS_MS];
    for (let waitedMs = 0; ;) {
      try {
        return await attempt();
      } catch (cause) {
        if (!isBusy(cause) || waitedMs >= this.timeoutMs) throw cause;
      }
      const delayMs = Math.min(
        (delays.length > 1 ? delays.pop() : delays[0]) ?? DELAYS_MS[0],
        this.timeoutMs - waitedMs,
      );
      await this.#sleep(delayMs);
      waitedMs += delayMs;
    }
  }
}
