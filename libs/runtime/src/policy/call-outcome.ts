import type { ErrorKind } from "@refold/core";

/** What became of a call under its policies. */
export type CallOutcome<T> = CallSuccess<T> | CallFailure;

export interface CallSuccess<T> {
  readonly kind: "succeeded";
  readonly value: T;
  /** How many attempts were made, this one included. */
  readonly attempts: number;
}

/** Who ended a call that failed: the call itself, a policy, or whoever cancelled it. */
export type FailedBy = "call" | "timeout" | "circuit-breaker" | "bulkhead" | "rate-limit" | "cancel";

export interface CallFailure {
  readonly kind: "failed";
  readonly by: FailedBy;
  /**
   * What the call's own failure was classified as. Of what a policy ended: `timeout` of a timeout, `remote` of an open breaker,
   * `rate-limited` where too many wait, `unknown` of a cancel.
   */
  readonly error: ErrorKind;
  readonly message: string;
  /** What the last attempt that failed threw; undefined if none did. */
  readonly cause: unknown;
  /** After how many milliseconds to come back, if the outside or the breaker said so. */
  readonly retryAfterMs?: number;
  /** How many attempts were made. With 0 nothing has reached the outside. */
  readonly attempts: number;
}

/** What a thrown cause amounts to. */
export interface Classified {
  readonly error: ErrorKind;
  readonly message: string;
  /** How long the outside asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}
