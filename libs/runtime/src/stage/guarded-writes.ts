import { SinkFailure, type AbortSignalLike, type Clock } from "@refold/core";

import type { Classified } from "../policy/call-outcome.ts";
import { pause } from "../policy/pause.ts";
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
    for (;;) {
      let attempts = 0;
      const outcome = await this.#stack.call(async () => {
        if (attempts++ > 0) this.#takeBack(batch);
        return write();
      }, this.#signal);
      if (outcome.kind === "succeeded") return { kind: "said", said: outcome.value };
      if (outcome.by === "cancel") return { kind: "cancelled" };
      if (outcome.by !== "circuit-breaker") throw outcome.by === "call" ? outcome.cause : new Error(outcome.message);
      if (outcome.attempts > 0 && outcome.cause !== undefined) this.#takeBack(batch);
      const waited = await pause(this.#clock, outcome.retryAfterMs ?? AGAIN_MS, this.#signal);
      if (!waited) return { kind: "cancelled" };
    }
  }

  /** What was buffered by an attempt that has failed will not be committed. */
  #takeBack(batch: SinkBatch): void {
    if (batch.handle === undefined) return;
    this.#ledger.rolledBack(batch.handle);
    batch.handle = undefined;
  }
}

/** How long to wait for the probes of a breaker that are under way, in milliseconds. */
const AGAIN_MS = 100;

/** What a failure of a writer amounts to. What poisons it will not go better. */
export function classifyWrite(cause: unknown): Classified {
  if (!(cause instanceof SinkFailure)) return { error: "unknown", message: thrownMessage(cause) };
  const { reason } = cause;
  if (reason.kind === "writer") return { error: "permanent", message: cause.message };
  return { error: reason.error, message: reason.message };
}
