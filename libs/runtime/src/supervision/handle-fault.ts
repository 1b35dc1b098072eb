import type { AppendFault } from "@refold/core";

/** Why a handle could not do what was asked. */
export type HandleFault =
  /** The supervisor has not begun, or has ended. */
  | { readonly kind: "not-running"; readonly state: string }
  /** The event was not taken. */
  | { readonly kind: "send-failed"; readonly reason: "closed" | "full"; readonly limit: number }
  /** The supervisor ended because of an error that its machine could not take. */
  | { readonly kind: "panicked"; readonly cause: Error }
  /** The supervisor ended because the log refused what happened. */
  | { readonly kind: "log-failed"; readonly fault: AppendFault }
  /** What was waited for did not come within the time given. The handle stays usable. */
  | { readonly kind: "timed-out"; readonly afterMs: number };
