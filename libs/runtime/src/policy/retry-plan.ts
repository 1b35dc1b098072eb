import type { ErrorKind } from "@refold/core";

import type { CallFailure } from "./call-outcome.ts";
import type { RetrySpec } from "./policy-spec.ts";

/** What follows a failure: another attempt, none because a limit is reached, or none because it would not help. */
export type RetryPlan =
  | { readonly kind: "again"; readonly delayMs: number }
  | { readonly kind: "exhausted"; readonly limit: "attempts" | "window" }
  | { readonly kind: "pointless" };

/** What may go better the next time. */
const PASSING: { readonly [K in ErrorKind]: boolean } = {
  timeout: true,
  remote: true,
  "rate-limited": true,
  unknown: true,
  permanent: false,
  deserialization: false,
  validation: false,
  domain: false,
};

/**
 * Decides after a failure. Only attempts that were made are repeated: what a policy refuses or a cancel ends is not.
 * `elapsedMs` is the time since the first attempt began, `random` a number from 0 to 1.
 */
export function planRetry(spec: RetrySpec, failure: CallFailure, elapsedMs: number, random: number): RetryPlan {
  if (failure.by !== "call" && failure.by !== "timeout") return { kind: "pointless" };
  if (!PASSING[failure.error]) return { kind: "pointless" };
  if (failure.attempts >= spec.attempts) return { kind: "exhausted", limit: "attempts" };
  const delayMs = Math.max(backoffMs(spec, failure.attempts, random), floorMs(failure));
  return elapsedMs + delayMs > spec.windowMs ? { kind: "exhausted", limit: "window" } : { kind: "again", delayMs };
}

/** The delay after so many attempts, in whole milliseconds. */
function backoffMs({ backoff, jitter }: RetrySpec, attempts: number, random: number): number {
  const baseMs =
    backoff.kind === "fixed"
      ? backoff.delayMs
      : Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (attempts - 1));
  return Math.round(baseMs * (1 + jitter * (2 * random - 1)));
}

/** What the failure asks for comes from outside, and may be anything. */
function floorMs({ retryAfterMs = 0 }: CallFailure): number {
  return Number.isNaN(retryAfterMs) ? 0 : retryAfterMs;
}
