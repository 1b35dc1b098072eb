import { at } from "./at.ts";

/** A binary heap of numbers that gives the smallest first; push and pop are O(log n). */
export class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = at(items, parent);
      if (above <= item) break;
      items[place] = above;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const smallest = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return smallest;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && at(items, child + 1) < at(items, child)) child += 1;
      const below = at(items, child);
      if (below >= last) break;
      items[place] = below;
      place = child;
    }
    items[place] = last;
    return smallest;
  }
}
