/** Items with the cursor behind them, if there is one. */
export interface ReadBatch {
  readonly items: readonly unknown[];
  readonly cursor: unknown;
}

/** What a source has read and nobody has taken, in order. */
export class ReadBatches {
  readonly #batches: { readonly items: unknown[]; readonly cursor: unknown }[] = [];
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

  add({ items, cursor }: ReadBatch): void {
    this.#items += items.length;
    const last = this.#batches.at(-1);
    // Where there are no cursors, one reader gives an item at a time and another gives many: to take them is the same.
    if (last !== undefined && last.cursor === undefined && cursor === undefined) {
      if (this.#batches.length === 1) this.#dropTaken(last.items);
      for (const item of items) last.items.push(item);
    } else if (items.length > 0 || cursor !== undefined) this.#batches.push({ items: [...items], cursor });
  }

  /**
   * Up to `limit` items, and a cursor that stands behind all of them. A batch of which only a part fits leaves its cursor for
   * the rest of it; with a cursor in hand nothing is taken that has none behind it.
   */
  take(limit: number): ReadBatch | undefined {
    const [first] = this.#batches;
    if (first === undefined) return undefined;
    if (first.items.length - this.#at > limit) {
      const items = first.items.slice(this.#at, this.#at + limit);
      this.#at += limit;
      this.#items -= limit;
      return { items, cursor: undefined };
    }
    const { items } = first;
    this.#dropTaken(items);
    let { cursor } = first;
    let count = 1;
    for (; count < this.#batches.length; count++) {
      const next = this.#batches[count];
      if (next?.cursor === undefined || items.length + next.items.length > limit) break;
      for (const item of next.items) items.push(item);
      cursor = next.cursor;
    }
    this.#batches.splice(0, count);
    this.#items -= items.length;
    return { items, cursor };
  }

  #dropTaken(first: unknown[]): void {
    if (this.#at > 0) first.splice(0, this.#at);
    this.#at = 0;
  }
}
