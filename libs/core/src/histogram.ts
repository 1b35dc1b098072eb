import type { HistogramSnapshot } from "./metrics.ts";

/** For durations in milliseconds: 24 bounds from 10 µs, each twice the one before it, to 83.9 s. */
export const DURATION_BOUNDS_MS: readonly number[] = doublings(0.01, 24);

/** For counts, such as of frames that share a write: 1, 2, 4 and so on to 65,536. */
export const COUNT_BOUNDS: readonly number[] = doublings(1, 17);

/**
 * Counts values by fixed upper bounds. To record takes a search among the bounds and no memory; counts are exact up to 2^53.
 */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;

  /** Throws a RangeError unless the bounds are finite, above 0 and ascending. */
  constructor(bounds: readonly number[] = DURATION_BOUNDS_MS) {
    bounds.forEach((bound, index) => {
      if (!(bound > (bounds[index - 1] ?? 0)) || bound === Infinity) {
        throw new RangeError(`bounds: ${bound} at index ${index} is not above the one before it, or not finite`);
      }
    });
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /**
   * Takes in a value, `times` over. One below 0 counts as 0: a clock that was set back must not make the sum fall. One that is not finite
   * measures nothing, and is left out.
   */
  record(value: number, times: number = 1): void {
    if (!Number.isFinite(value)) return;
    const measured = value > 0 ? value : 0;
    const index = this.#bucketOf(measured);
    // The index is one of the counts': there is one more of them than of the bounds.
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
    this.#count += times;
    this.#sum += measured * times;
  }

  /** Takes in all that another has counted. Throws a RangeError if its bounds are others. */
  merge(other: HistogramSnapshot): void {
    if (!sameNumbers(this.#bounds, other.bounds)) throw new RangeError("merge: the two differ in their bounds");
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] = (this.#counts[i] ?? 0) + (other.counts[i] ?? 0);
    this.#count += other.count;
    this.#sum += other.sum;
  }

  snapshot(): HistogramSnapshot {
    return { bounds: this.#bounds, counts: Array.from(this.#counts), count: this.#count, sum: this.#sum };
  }

  /** The first bucket whose bound is not below the value. */
  #bucketOf(value: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] ?? Infinity) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function doublings(first: number, count: number): readonly number[] {
  return Object.freeze(Array.from({ length: count }, (_, index) => Number((first * 2 ** index).toPrecision(12))));
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((each, index) => each === b[index]));
}
