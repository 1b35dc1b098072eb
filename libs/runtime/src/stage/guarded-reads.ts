import type { AbortSignalLike, SourceBatch, SourceReader } from "@refold/core";

import type { PolicyStack } from "../policy/policy-stack.ts";

/** What a read came to whose turn has not come: the breaker is open, and says for how long. */
const NOTHING: readonly never[] = [];

/**
 * Reads of a source under its policies. They wait where a policy has them wait; what an open breaker refuses is no failure, but
 * is read later. How often a read that fails is made again is the source's own `retry`.
 */
export class GuardedReads {
  /** Whether the read before was refused. */
  wasRefused = false;
  readonly #stack: PolicyStack;
  readonly #signal: AbortSignalLike;

  constructor(stack: PolicyStack, signal: AbortSignalLike) {
    this.#stack = stack;
    this.#signal = signal;
  }

  async read(reader: SourceReader<unknown>, limit: number): Promise<SourceBatch<unknown>> {
    this.wasRefused = false;
    const outcome = await this.#stack.call(async () => reader.read(limit), this.#signal);
    if (outcome.kind === "succeeded") return outcome.value;
    if (outcome.by === "circuit-breaker") {
      this.wasRefused = true;
      return { items: NOTHING, ...(outcome.retryAfterMs === undefined ? {} : { againMs: outcome.retryAfterMs }) };
    }
    throw outcome.cause ?? new Error(outcome.message);
  }
}
