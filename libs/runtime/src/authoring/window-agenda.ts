import TinyQueue from "tinyqueue";

/** What is to be looked at when event time has come so far. */
export interface Scheduled {
  /** Tells apart what is due at one time: the least comes first. */
  ordinal: number;
  /** When it is next looked at, in event time; `undefined` when it need not be. */
  dueMs: number | undefined;
}

/** Gives what was scheduled in the order of (due, ordinal), and looks at nothing before it is due. */
export class Agenda<Item extends Scheduled> {
  /** The times at which something was due when it was scheduled. */
  #dues: TinyQueue<number> = new TinyQueue();
  #items: Map<number, Item[]> = new Map();
  /** The items of the earliest time, of which some have been given. */
  #open: { readonly dueMs: number; readonly items: readonly Item[]; next: number } | undefined;
  #entries = 0;

  /** How many places there are for items, those included that are no longer due at that time. */
  get entries(): number {
    return this.#entries;
  }

  /** Has an item looked at when time has come to `dueMs`, or before. */
  schedule(item: Item, dueMs: number): void {
    // What is looked at too early is scheduled again then.
    if (item.dueMs !== undefined && item.dueMs <= dueMs) return;
    item.dueMs = dueMs;
    const items = this.#items.get(dueMs);
    if (items !== undefined) items.push(item);
    else {
      this.#items.set(dueMs, [item]);
      this.#dues.push(dueMs);
    }
    this.#entries++;
  }

  /** Whether `take` might give something. */
  isDue(untilMs: number): boolean {
    if (this.#open !== undefined) return true;
    const earliestMs = this.#dues.peek();
    return earliestMs !== undefined && earliestMs <= untilMs;
  }

  /** The next item that is due; it is then scheduled no more. `undefined` when there is none. */
  take(untilMs: number): Item | undefined {
    while (this.isDue(untilMs)) {
      const open = (this.#open ??= this.#opened());
      const item = open.items[open.next++];
      if (item === undefined) this.#open = undefined;
      else {
        this.#entries--;
        if (item.dueMs !== open.dueMs) continue;
        item.dueMs = undefined;
        return item;
      }
    }
    return undefined;
  }

  /** Begins anew with the items given, as they are scheduled. */
  reset(items: Iterable<Item>): void {
    this.#dues = new TinyQueue();
    this.#items = new Map();
    this.#open = undefined;
    this.#entries = 0;
    for (const item of items) {
      const { dueMs } = item;
      item.dueMs = undefined;
      if (dueMs !== undefined) this.schedule(item, dueMs);
    }
  }

  #opened(): { readonly dueMs: number; readonly items: readonly Item[]; next: number } {
    // Asked for only when something is due.
    const dueMs = this.#dues.pop() as number;
    const items = this.#items.get(dueMs) as Item[];
    this.#items.delete(dueMs);
    return { dueMs, items: items.sort((a, b) => a.ordinal - b.ordinal), next: 0 };
  }
}
