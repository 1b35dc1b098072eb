import type { HistogramSnapshot } from "./metrics.ts";

export class Histogram {
  readonly #bounds: readonly number[] = Array.from({ length: 24 }, (_, i) => 0.01 * 2 ** i);
  readonly #counts: number[] = new Array<number>(25).fill(0);
  #count = 0;
  #sum = 0;

  record(value: number): void {
    let i = 0;
    while (i < 24 && value > (this.#bounds[i] as number)) i++;
    this.#counts[i] = (this.#counts[i] as number) + 1;
    this.#count++;
    this.#sum += value;
  }

  snapshot(): HistogramSnapshot {
    return { bounds: this.#bounds, counts: [...this.#counts], count: this.#count, sum: this.#sum };
  }
}
