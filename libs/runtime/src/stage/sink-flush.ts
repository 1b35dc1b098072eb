import type { Clock, FlushPolicy } from "@refold/core";

/** When a sink is due to flush, besides at the end of its input. */
export class FlushSchedule {
  readonly #everyItems: number;
  readonly #everyMs: number;
  readonly #clock: Clock;
  #items = 0;
  /** When the first item that is not flushed was written. */
  #sinceMs: number | undefined;

  constructor({ everyItems, everyMs }: FlushPolicy, clock: Clock) {
    this.#everyItems = everyItems ?? Number.POSITIVE_INFINITY;
    this.#everyMs = everyMs ?? Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  /** How many items may be written before the next flush. */
  get room(): number {
    return this.#everyItems - this.#items;
  }

  /** In how many milliseconds a flush is due, if nothing more is written: 0 or less is now. */
  get dueInMs(): number {
    if (this.room <= 0) return 0;
    if (this.#sinceMs === undefined || this.#everyMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return this.#sinceMs + this.#everyMs - this.#clock.now();
  }

  wrote(items: number): void {
    this.#items += items;
    this.#sinceMs ??= this.#clock.now();
  }

  flushed(): void {
    this.#items = 0;
    this.#sinceMs = undefined;
  }
}
