import type { Clock } from "@refold/core";

import type { AbortSignalLike } from "@refold/core";

/** Resolves with true after `delayMs`, or with false as soon as it is cancelled. Leaves no timer and no listener behind. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignalLike | undefined): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const cancel = (): void => {
      callOff();
      end(false);
    };
    const end = (passed: boolean): void => {
      signal?.removeEventListener("abort", cancel);
      resolve(passed);
    };
    const callOff = clock.schedule(delayMs, () => end(true));
    signal?.addEventListener("abort", cancel);
  });
}
