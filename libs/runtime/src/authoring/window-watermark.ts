import type { LaneId } from "@refold/core";

/** What is kept of a {@link Watermark}. */
export interface WatermarkState {
  /** The latest event time of each lane that may hold the watermark back. */
  readonly latestMs: Map<LaneId, number>;
  ms: number;
}

/**
 * How far event time has come: no input that is on time is before it. It is so far behind the latest event time of the lane that
 * is least advanced as inputs may be out of order. A lane that has given nothing yet holds it back. It never goes back.
 */
export class Watermark {
  readonly #outOfOrderMs: number;
  #state: WatermarkState;
  /** The least of the latest event times. */
  #leastMs: number = Number.NEGATIVE_INFINITY;

  constructor(lanes: readonly LaneId[], outOfOrderMs: number) {
    this.#outOfOrderMs = outOfOrderMs;
    const latestMs = new Map(lanes.map((lane) => [lane, Number.NEGATIVE_INFINITY]));
    this.#state = { latestMs, ms: Number.NEGATIVE_INFINITY };
  }

  /** In milliseconds since 1970; minus infinity while a lane has given nothing. */
  get ms(): number {
    return this.#state.ms;
  }

  /** Takes in that a lane has come to an event time. */
  see(lane: LaneId, timeMs: number): void {
    const { latestMs } = this.#state;
    const before = latestMs.get(lane) as number;
    if (timeMs <= before) return;
    latestMs.set(lane, timeMs);
    if (before === this.#leastMs) this.#advance();
  }

  /** A lane has given all that it has, and holds nothing back any more. After the last of all there is no more to come. */
  ended(lane: LaneId): void {
    const { latestMs } = this.#state;
    latestMs.delete(lane);
    if (latestMs.size > 0) this.#advance();
  }

  snapshot(): WatermarkState {
    return this.#state;
  }

  restore(state: WatermarkState): void {
    this.#state = state;
    this.#leastMs = least(state.latestMs.values());
  }

  #advance(): void {
    this.#leastMs = least(this.#state.latestMs.values());
    this.#state.ms = Math.max(this.#state.ms, this.#leastMs - this.#outOfOrderMs);
  }
}

function least(times: Iterable<number>): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (const timeMs of times) if (timeMs < leastMs) leastMs = timeMs;
  return leastMs;
}
