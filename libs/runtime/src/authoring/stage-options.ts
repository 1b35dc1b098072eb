import type { EventType } from "@refold/core";

export interface StageOptions<T> {
  /** The event type of what the stage emits; without it, version 1 of a type with the stage's name. */
  readonly type?: EventType<T>;
}
