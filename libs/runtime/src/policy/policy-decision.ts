import type { ErrorKind } from "@refold/core";

/** What a policy decided. On record it is a `policy` record; an attempt that merely passes leaves none. */
export type PolicyDecision =
  | { readonly policy: "retry"; readonly decision: "scheduled"; readonly detail: RetryScheduled }
  | { readonly policy: "retry"; readonly decision: "exhausted"; readonly detail: RetryExhausted }
  | { readonly policy: "circuit-breaker"; readonly decision: "opened"; readonly detail: BreakerOpened }
  | { readonly policy: "circuit-breaker"; readonly decision: "half-opened" | "closed"; readonly detail: undefined }
  | {
      readonly policy: "bulkhead";
      readonly decision: "waited";
      /** Told when the wait is over and a place was found. */
      readonly detail: { readonly waitedMs: number };
    }
  | {
      readonly policy: "bulkhead";
      readonly decision: "refused";
      readonly detail: { readonly underWay: number; readonly waiting: number };
    }
  | {
      readonly policy: "rate-limit";
      readonly decision: "delayed";
      /** Told when the wait begins: how long it will be at the most, if timers are on time. */
      readonly detail: { readonly delayMs: number };
    }
  | { readonly policy: "rate-limit"; readonly decision: "refused"; readonly detail: { readonly waiting: number } }
  | { readonly policy: "timeout"; readonly decision: "timed-out"; readonly detail: { readonly afterMs: number } };

export interface RetryScheduled {
  /** The number of the attempt to come; the first one is 1. */
  readonly attempt: number;
  readonly delayMs: number;
  /** How the attempt before it failed. */
  readonly error: ErrorKind;
  readonly message: string;
}

export interface RetryExhausted {
  /** How many attempts were made. */
  readonly attempts: number;
  /** Which limit there was no way around: the number of attempts, or the window within which they may begin. */
  readonly limit: "attempts" | "window";
  readonly error: ErrorKind;
  readonly message: string;
}

export interface BreakerOpened {
  readonly why: "consecutive-failures" | "failure-rate" | "slow-rate" | "probe-failed" | "probe-slow";
  /** The calls that were looked at, and how many of them failed or were slow. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  readonly openMs: number;
}

/** Where the policies of one stack tell what they decide. */
export type TellDecision = (decision: PolicyDecision) => void;
