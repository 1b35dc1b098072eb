import type { EventType, FlushPolicy, SourceExtent } from "@refold/core";

import type { RetrySettings } from "../definition/retry-settings.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";

export interface StageOptions<T> {
  /** The event type of what the stage emits; without it, version 1 of a type with the stage's name. */
  readonly type?: EventType<T>;
}

export interface SourceOptions<T> extends StageOptions<T> {
  /** How many items the source has. Another number at its end is a violated contract. */
  readonly expected?: number;
  /**
   * Whether the source ends by itself. A finite one that is drained early was cut short, and ends `truncated`; an infinite one
   * ends `natural`. Without it: what the connector says, and of items `finite`.
   */
  readonly extent?: SourceExtent;
  /** What is done about a poll that fails, where it can be tried again: 10 attempts, after 1, 2, 4 … 60 s. */
  readonly retry?: Partial<RetrySettings>;
  /**
   * What guards its polls: `rateLimit`, `circuitBreaker`, `timeout`, `bulkhead`. While a breaker is open, nothing is polled. A
   * poll that takes too long has failed, and what it gives after all is lost: it is made again where the source can.
   */
  readonly policies?: readonly PolicySpec[];
}

export interface SinkOptions {
  /** When the sink is told to flush, in place of what its connector says. */
  readonly flush?: FlushPolicy;
  /**
   * What guards its writes. A `retry` is for connectors whose guarantee is `idempotent` or `exactly-once`. While a breaker is
   * open the sink waits. A write that takes too long is given up, and may still be under way when the next one begins.
   */
  readonly policies?: readonly PolicySpec[];
}
