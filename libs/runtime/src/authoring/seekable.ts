import type { SourceCall } from "./source-call.ts";
import type { ItemsFunction } from "./items.ts";

/** What the function of a seekable source is called with. */
export interface SeekableCall extends SourceCall {
  /** How many items are on record already, which are not to be given again; 0 at the start of a run. */
  readonly skip: number;
}

/** Items of a function that finds its way to any of them; see {@link seekable}. */
export class Seekable<T> {
  readonly items: ItemsFunction<T, SeekableCall>;

  constructor(items: ItemsFunction<T, SeekableCall>) {
    this.items = items;
  }
}

/**
 * Items that need not be read from the first one on. Where another function's items would be read again, and dropped as far
 * as they are on record, this one is told how many to leave out.
 */
export function seekable<T>(items: ItemsFunction<T, SeekableCall>): Seekable<T> {
  return new Seekable(items);
}
