import type { Wake } from "../supervision/wake.ts";

const BUFFERED_ITEMS = 256;

/** What an intake can still give, once its buffer is empty. */
export type IntakeState =
  { readonly kind: "open" } | { readonly kind: "ended" } | { readonly kind: "threw"; readonly cause: unknown };

/**
 * Reads ahead from what a source opened: from an iterable as asked, from an async iterable into a bounded buffer, so that a
 * step takes whatever has arrived.
 */
export class Intake {
  state: IntakeState = { kind: "open" };
  readonly #wake: Wake;
  readonly #iterator: Iterator<unknown> | undefined;
  readonly #asyncIterator: AsyncIterator<unknown> | undefined;
  readonly #isList: boolean;
  readonly #buffer: unknown[] = [];
  #last: unknown;
  #reading = false;
  #closed = false;
  #stopped = false;

  /** Throws a TypeError for what is not iterable, which the compiler may not have seen. */
  constructor(items: unknown, wake: Wake) {
    this.#wake = wake;
    this.#isList = Array.isArray(items);
    if (isAsyncIterable(items)) this.#asyncIterator = items[Symbol.asyncIterator]();
    else if (isIterable(items)) this.#iterator = items[Symbol.iterator]();
    else throw new TypeError(`what the source opened is not iterable, but ${items === null ? "null" : typeof items}`);
  }

  /** Up to `limit` items. None means that there is none now: see `state`, and else wait for the wake. */
  take(limit: number): readonly unknown[] {
    if (this.#iterator !== undefined) return this.#pull(this.#iterator, limit);
    const items = this.#buffer.splice(0, limit);
    if (!this.#reading && this.state.kind === "open") void this.#readAhead();
    return items;
  }

  /** Up to `limit` items of those that were read ahead. From now on no more are asked for. */
  takeRead(limit: number): readonly unknown[] {
    this.#stopped = true;
    return this.#buffer.splice(0, limit);
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.state.kind !== "open") return;
    this.#iterator?.return?.();
    const returned = this.#asyncIterator?.return?.();
    if (!this.#reading) await returned;
    // A generator hears of its end when the wait that it is in is over, which may be never. What it throws then tells nobody
    // anything any more.
    else void returned?.catch(() => undefined);
  }

  /**
   * An iterator that gives one object again and again, changed in between, would have all of a step recorded as the last of
   * them: a step is written after its items were read. A list that names one object twice means what it says.
   */
  #fresh(item: unknown): unknown {
    if (typeof item !== "object" || item === null || this.#isList) return item;
    if (item === this.#last && !Object.isFrozen(item)) {
      throw new TypeError("the source gave the same object twice in a row: each item has to be an object of its own");
    }
    this.#last = item;
    return item;
  }

  #pull(iterator: Iterator<unknown>, limit: number): readonly unknown[] {
    const items: unknown[] = [];
    try {
      while (items.length < limit && this.state.kind === "open") {
        const next = iterator.next();
        if (next.done === true) this.state = { kind: "ended" };
        else items.push(this.#fresh(next.value));
      }
    } catch (cause) {
      // What was read before the fault still goes on record.
      this.state = { kind: "threw", cause };
    }
    return items;
  }

  async #readAhead(): Promise<void> {
    const iterator = this.#asyncIterator as AsyncIterator<unknown>;
    this.#reading = true;
    try {
      while (this.#buffer.length < BUFFERED_ITEMS && !this.#closed && !this.#stopped) {
        const next = await iterator.next();
        if (next.done === true) {
          this.state = { kind: "ended" };
          break;
        }
        this.#buffer.push(this.#fresh(next.value));
        this.#wake.signal();
      }
    } catch (cause) {
      this.state = { kind: "threw", cause };
    }
    this.#reading = false;
    this.#wake.signal();
  }
}

function isAsyncIterable(items: unknown): items is AsyncIterable<unknown> {
  return typeof (items as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === "function";
}

function isIterable(items: unknown): items is Iterable<unknown> {
  return typeof (items as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function";
}
