import type { EventType, FlushPolicy } from "@refold/core";

export interface StageOptions<T> {
  /** The event type of what the stage emits; without it, version 1 of a type with the stage's name. */
  readonly type?: EventType<T>;
}

export interface SourceOptions<T> extends StageOptions<T> {
  /** How many items the source has. Another number at its end is a violated contract. */
  readonly expected?: number;
}

export interface SinkOptions {
  /** When the sink is told to flush, in place of what its connector says. */
  readonly flush?: FlushPolicy;
}
