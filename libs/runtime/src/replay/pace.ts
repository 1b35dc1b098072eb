import type { AbortSignalLike, Clock } from "@refold/core";

import { pause } from "../policy/pause.ts";

/** Hands frames on at the distances of time at which they were recorded, or so many times as fast. */
export class Pace {
  readonly #clock: Clock;
  readonly #speed: number;
  readonly #signal: AbortSignalLike | undefined;
  #began: { readonly atMs: number; readonly recordedMs: number } | undefined;

  constructor(clock: Clock, speed: number, signal: AbortSignalLike | undefined) {
    this.#clock = clock;
    this.#speed = speed;
    this.#signal = signal;
  }

  /** Resolves with true when a frame of this time is due, with false when the wait is called off; `undefined` if it is due now. */
  whenDue(recordedMs: number): Promise<boolean> | undefined {
    const nowMs = this.#clock.now();
    this.#began ??= { atMs: nowMs, recordedMs };
    const leftMs = this.#began.atMs + (recordedMs - this.#began.recordedMs) / this.#speed - nowMs;
    return leftMs > 0 ? pause(this.#clock, leftMs, this.#signal) : undefined;
  }
}
