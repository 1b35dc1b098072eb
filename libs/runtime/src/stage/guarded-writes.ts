import { SinkFailure, type AbortSignalLike, type Clock } from "@refold/core";

import type { Classified } from "../policy/call-outcome.ts";
import { patientCall } from "../policy/patient-call.ts";
import type { PolicyStack } from "../policy/policy-stack.ts";
import type { SinkBatch } from "./sink-batch.ts";
import type { CommitLedger } from "./sink-commits.ts";
import { thrownMessage } from "./stage-fault.ts";

/** Writes of a sink under its policies. An open breaker holds the sink back until it lets something through, so that nothing is lost. */
export class GuardedWrites {
  readonly #stack: PolicyStack;
  readonly #signal: AbortSignalLike;
  readonly #clock: Clock;
  readonly #ledger: CommitLedger;

  constructor(options: {
    readonly stack: PolicyStack;
    readonly signal: AbortSignalLike;
    readonly clock: Clock;
    readonly ledger: CommitLedger;
  }) {
    this.#stack = options.stack;
    this.#signal = options.signal;
    this.#clock = options.clock;
    this.#ledger = options.ledger;
  }

  /** What the writer says; `cancelled` if nobody knows. Throws what the last attempt threw. */
  async write(
    batch: SinkBatch,
    write: () => unknown,
  ): Promise<{ readonly kind: "said"; readonly said: unknown } | { readonly kind: "cancelled" }> {
    let attempts = 0;
    const attempt = async (): Promise<unknown> => {
      if (attempts++ > 0) this.#takeBack(batch);
      return write();
    };
    const outcome = await patientCall(this.#stack, { attempt, clock: this.#clock, signal: this.#signal });
    if (outcome.kind === "succeeded") return { kind: "said", said: outcome.value };
    if (outcome.by === "cancel") return { kind: "cancelled" };
    throw outcome.by === "call" ? outcome.cause : new Error(outcome.message);
  }

  /** What was buffered by an attempt that has failed will not be committed. */
  #takeBack(batch: SinkBatch): void {
    if (batch.handle === undefined) return;
    this.#ledger.rolledBack(batch.handle);
    batch.handle = undefined;
  }
}

/** What a failure of a writer amounts to. What poisons it will not go better. */
export function classifyWrite(cause: unknown): Classified {
  if (!(cause instanceof SinkFailure)) return { error: "unknown", message: thrownMessage(cause) };
  const { reason } = cause;
  if (reason.kind === "writer") return { error: "permanent", message: cause.message };
  return { error: reason.error, message: reason.message };
}
