import type { Clock } from "@refold/core";

import type { AbortControllerLike, AbortSignalLike } from "@refold/core";

/** Calls the outside once. It is told by the signal when nobody waits for it any longer. */
export type Attempt<T> = (signal: AbortSignalLike) => Promise<T>;

/** How an attempt ended. After `timed-out` and `cancelled` it may still be going on, and what becomes of it is not known. */
export type AttemptEnd<T> =
  | { readonly kind: "returned"; readonly value: T }
  | { readonly kind: "threw"; readonly cause: unknown }
  | { readonly kind: "timed-out"; readonly afterMs: number; readonly cause: unknown }
  | { readonly kind: "cancelled"; readonly cause: unknown };

export interface AttemptLimits {
  readonly timeoutMs: number | undefined;
  /** How long an attempt is still waited for after it was told that it is cancelled, in milliseconds. */
  readonly cancelGraceMs: number;
}

export interface AttemptPorts {
  readonly clock: Clock;
  readonly abortController: () => AbortControllerLike;
}

/** Makes one attempt within its limits. Leaves no timer and no listener behind. */
export function makeAttempt<T>(
  attempt: Attempt<T>,
  { clock, abortController }: AttemptPorts,
  { timeoutMs, cancelGraceMs }: AttemptLimits,
  signal: AbortSignalLike | undefined,
): Promise<AttemptEnd<T>> {
  return new Promise((resolve) => {
    const controller = abortController();
    const timers: (() => void)[] = [];
    const end = (how: AttemptEnd<T>): void => {
      for (const callOff of timers) callOff();
      signal?.removeEventListener("abort", cancel);
      resolve(how);
    };
    const cancel = (): void => {
      const cause: unknown = signal?.reason;
      timers.push(clock.schedule(cancelGraceMs, () => end({ kind: "cancelled", cause })));
      controller.abort(cause);
    };
    signal?.addEventListener("abort", cancel);
    if (timeoutMs !== undefined) {
      const giveUp = (): void => {
        const cause = new AttemptTimedOut(timeoutMs);
        end({ kind: "timed-out", afterMs: timeoutMs, cause });
        controller.abort(cause);
      };
      timers.push(clock.schedule(timeoutMs, giveUp));
    }
    // Called in a function of its own, what throws at once and what rejects later come to the same.
    void (async () => attempt(controller.signal))().then(
      (value) => end({ kind: "returned", value }),
      (cause: unknown) => end(signal?.aborted === true ? { kind: "cancelled", cause } : { kind: "threw", cause }),
    );
  });
}

/** Why the signal of an attempt was aborted when its time was up. */
class AttemptTimedOut extends Error {
  override readonly name = "TimeoutError";

  constructor(timeoutMs: number) {
    super(`the call took longer than ${timeoutMs} ms`);
  }
}
