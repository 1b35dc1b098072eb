/** Items with the cursor behind them, if there is one. */
export interface ReadBatch {
  readonly items: readonly unknown[];
  readonly cursor: unknown;
}

/** What a source has read and nobody has taken, in order. */
export class ReadBatches {
  readonly #batches: ReadBatch[] = [];
  /** How many items of the first batch are taken. */
  #at = 0;
  #items = 0;

  /** How many items wait. */
  get items(): number {
    return this.#items;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  add(batch: ReadBatch): void {
    if (batch.items.length === 0 && batch.cursor === undefined) return;
    this.#batches.push(batch);
    this.#items += batch.items.length;
  }

  /**
   * Up to `limit` items, and a cursor that stands behind all of them. A batch of which only a part fits leaves its cursor for
   * the rest of it; with a cursor in hand nothing is taken that has none behind it.
   */
  take(limit: number): ReadBatch | undefined {
    const [first] = this.#batches;
    if (first === undefined) return undefined;
    const left = first.items.length - this.#at;
    if (left > limit) {
      const items = first.items.slice(this.#at, this.#at + limit);
      this.#at += limit;
      this.#items -= limit;
      return { items, cursor: undefined };
    }
    const items = this.#at === 0 ? [...first.items] : first.items.slice(this.#at);
    let { cursor } = first;
    let count = 1;
    for (; count < this.#batches.length; count++) {
      const next = this.#batches[count] as ReadBatch;
      if (items.length + next.items.length > limit || (cursor !== undefined && next.cursor === undefined)) break;
      for (const item of next.items) items.push(item);
      cursor = next.cursor;
    }
    this.#batches.splice(0, count);
    this.#at = 0;
    this.#items -= items.length;
    return { items, cursor };
  }
}
