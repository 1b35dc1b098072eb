import type { Clock } from "@refold/core";

/** The clock of the machine. A timer keeps the process alive: what a run waits for is still to happen. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
