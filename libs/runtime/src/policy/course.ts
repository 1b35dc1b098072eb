import type { ErrorKind } from "@refold/core";

import type { AbortSignalLike } from "@refold/core";
import type { Attempt } from "./attempt.ts";
import type { CallFailure, FailedBy } from "./call-outcome.ts";

/** One call on its way through the stack. */
export interface Course<T> {
  readonly attempt: Attempt<T>;
  readonly signal: AbortSignalLike | undefined;
  /** How many attempts were made. */
  attempts: number;
  /** When the first of them began. */
  firstMs: number | undefined;
  /** How the last of them failed. */
  failure: CallFailure | undefined;
}

/** A failure of which the call itself is not the reason. What came before is told with it. */
export function failed(
  { attempts, failure }: Course<unknown>,
  by: FailedBy,
  error: ErrorKind,
  why: string,
): CallFailure {
  const message = failure === undefined ? why : `${why}; before that: ${failure.message}`;
  return { kind: "failed", by, error, message, cause: failure?.cause, attempts };
}
