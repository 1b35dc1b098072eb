import type { AbortSignalLike, Clock } from "@refold/core";

import type { Attempt } from "./attempt.ts";
import type { CallOutcome } from "./call-outcome.ts";
import { pause } from "./pause.ts";
import type { PolicyStack } from "./policy-stack.ts";

/** Makes a call under policies, and again whenever an open breaker has refused it, until something else ends it. */
export async function patientCall<T>(
  stack: PolicyStack,
  { attempt, clock, signal }: { readonly attempt: Attempt<T>; readonly clock: Clock; readonly signal: AbortSignalLike },
): Promise<CallOutcome<T>> {
  for (;;) {
    const outcome = await stack.call(attempt, signal);
    if (outcome.kind === "succeeded" || outcome.by !== "circuit-breaker") return outcome;
    const waited = await pause(clock, outcome.retryAfterMs ?? AGAIN_MS, signal);
    if (!waited) return { ...outcome, by: "cancel", message: "the call was cancelled while it waited for the breaker" };
  }
}

/** How long to wait for the probes of a half-open breaker that are under way, in milliseconds. */
const AGAIN_MS = 100;
