import { err, type Result } from "neverthrow";

import type { ErrorKind } from "@refold/core";

/** Why a handler does not take an input. */
export interface Rejection {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** What a `tryMap` handler returns for an input that it rejects. */
export function reject(kind: ErrorKind, message: string): Result<never, Rejection> {
  return err({ kind, message });
}
