import type { Clock } from "@refold/core";

const LONGEST_MS = 2_147_483_647;

/** The clock of the machine. A timer keeps the process alive: what a run waits for is still to happen. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, run) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Timers of the platform take no longer delay, and would fire at once.
    const arm = (leftMs: number): void => {
      timer =
        leftMs > LONGEST_MS
          ? setTimeout(() => arm(leftMs - LONGEST_MS), LONGEST_MS)
          : setTimeout(run, Math.max(0, leftMs));
    };
    if (delayMs !== Number.POSITIVE_INFINITY) arm(delayMs);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
