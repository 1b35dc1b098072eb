import type { PolicyRecord } from "@refold/core";

import type { RetrySettings } from "../definition/retry-settings.ts";

/** What is done about a poll that failed: it is tried again after a delay or, without one, no more. */
export interface RetryDecision {
  readonly delayMs: number | undefined;
  readonly record: PolicyRecord;
}

/** Decides about the failure of a poll, of which `attempt` have failed in a row. */
export function decideRetry(settings: RetrySettings, attempt: number, error: string): RetryDecision {
  const policy = { kind: "policy", policy: "source-retry" } as const;
  if (attempt >= settings.attempts) {
    return { delayMs: undefined, record: { ...policy, decision: "exhausted", detail: { attempt, error } } };
  }
  const delayMs = Math.min(settings.maxMs, settings.firstMs * 2 ** (attempt - 1));
  return { delayMs, record: { ...policy, decision: "scheduled", detail: { attempt, delayMs, error } } };
}
