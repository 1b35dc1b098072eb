import type { SourceBatch, SourceReader } from "@refold/core";

import type { ItemsFunction, Items } from "./items.ts";
import type { SourceCall } from "./source-call.ts";

/** Lists of items, as a source takes them; see {@link batches}. */
export class Batches<T> {
  readonly lists: Items<readonly T[]> | ItemsFunction<readonly T[], SourceCall>;

  constructor(lists: Items<readonly T[]> | ItemsFunction<readonly T[], SourceCall>) {
    this.lists = lists;
  }
}

/** The items of lists, such as pages, in order: for a source that is read by the list. */
export function batches<T>(lists: Items<readonly T[]> | ItemsFunction<readonly T[], SourceCall>): Batches<T> {
  return new Batches(lists);
}

/** Reads the items of the lists that another reader gives. */
export class BatchReader implements SourceReader<unknown> {
  readonly #lists: SourceReader<unknown>;

  constructor(lists: SourceReader<unknown>) {
    this.#lists = lists;
  }

  read(): SourceBatch<unknown> | Promise<SourceBatch<unknown>> {
    for (;;) {
      const lists = this.#lists.read(1);
      if (lists instanceof Promise) return this.#readLater(lists);
      const batch = listOf(lists);
      if (batch !== undefined) return batch;
    }
  }

  /** None of what it reads goes on behind its error. */
  isFinal(): boolean {
    return true;
  }

  close(): void | Promise<void> {
    return this.#lists.close?.();
  }

  async #readLater(first: Promise<SourceBatch<unknown>>): Promise<SourceBatch<unknown>> {
    for (let lists = await first; ; lists = await this.#lists.read(1)) {
      const batch = listOf(lists);
      if (batch !== undefined) return batch;
    }
  }
}

/** `undefined` for an empty list, behind which the next may follow at once. */
function listOf({ items, done }: SourceBatch<unknown>): SourceBatch<unknown> | undefined {
  const list = items.length === 0 ? [] : items[0];
  if (!Array.isArray(list)) throw new TypeError(`a batch of the source is no array, but ${typeof list}`);
  if (done === true) return { items: list, done };
  return list.length > 0 ? { items: list } : undefined;
}
