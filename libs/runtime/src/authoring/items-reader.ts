import type { SourceBatch, SourceReader } from "@refold/core";

import { isAsyncIterable, isItems, isIterable, isStream, type ReadableStreamReaderLike } from "./items.ts";

const ENDED: SourceBatch<unknown> = { items: [], done: true };

/** What threw has ended for good: neither a generator nor a stream goes on behind its error. */
const isFinal = (): boolean => true;

/** Reads items, of whatever form. Throws a TypeError for what is none, which the compiler may not have seen. */
export function readerOf(items: unknown): SourceReader<unknown> {
  if (Array.isArray(items)) return new ListReader(items);
  if (typeof items === "string") return new IteratorReader(items[Symbol.iterator]());
  // A stream is read as such even where it can be iterated over: only then can a read under way be called off.
  if (isItems(items)) {
    if (isStream(items)) return new StreamReader(items.getReader());
    if (isAsyncIterable(items)) return new AsyncIteratorReader(items[Symbol.asyncIterator]());
    if (isIterable(items)) return new IteratorReader(items[Symbol.iterator]());
  }
  throw new TypeError(`what the source opened is not iterable, but ${items === null ? "null" : typeof items}`);
}

class ListReader implements SourceReader<unknown> {
  readonly isFinal: typeof isFinal = isFinal;
  readonly #list: readonly unknown[];
  #at = 0;

  constructor(list: readonly unknown[]) {
    this.#list = list;
  }

  read(limit: number): SourceBatch<unknown> {
    const items = this.#list.slice(this.#at, this.#at + limit);
    this.#at += items.length;
    // A list that grows while it is read is read to the end that it has then.
    return items.length < limit ? { items, done: true } : { items };
  }
}

class IteratorReader implements SourceReader<unknown> {
  readonly isFinal: typeof isFinal = isFinal;
  readonly #iterator: Iterator<unknown>;
  #state: { readonly kind: "open" | "over" } | { readonly kind: "threw"; readonly cause: unknown } = { kind: "open" };

  constructor(iterator: Iterator<unknown>) {
    this.#iterator = iterator;
  }

  read(limit: number): SourceBatch<unknown> {
    if (this.#state.kind === "threw") throw this.#state.cause;
    const items: unknown[] = [];
    try {
      while (items.length < limit) {
        const next = this.#iterator.next();
        // As the language has it; one that gives no results would else never come to an end.
        if (typeof next !== "object" || next === null) throw new TypeError("what an iterator gave is no result");
        if (next.done === true) {
          this.#state = { kind: "over" };
          return { items, done: true };
        }
        items.push(next.value);
      }
    } catch (cause) {
      this.#state = { kind: "threw", cause };
      // What was read before the fault still goes on record.
      if (items.length === 0) throw cause;
    }
    return { items };
  }

  close(): void {
    if (this.#state.kind === "open") this.#iterator.return?.();
  }
}

class AsyncIteratorReader implements SourceReader<unknown> {
  readonly isFinal: typeof isFinal = isFinal;
  readonly #iterator: AsyncIterator<unknown>;
  #isOver = false;

  constructor(iterator: AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  /** One item: nobody knows how long the next takes. */
  read(): Promise<SourceBatch<unknown>> {
    return Promise.resolve(this.#iterator.next()).then(this.#given, this.#threw);
  }

  async close(): Promise<void> {
    if (!this.#isOver) await this.#iterator.return?.();
  }

  readonly #given = ({ done, value }: IteratorResult<unknown>): SourceBatch<unknown> => {
    if (done !== true) return { items: [value] };
    this.#isOver = true;
    return ENDED;
  };

  readonly #threw = (cause: unknown): never => {
    this.#isOver = true;
    throw cause;
  };
}

class StreamReader implements SourceReader<unknown> {
  readonly isFinal: typeof isFinal = isFinal;
  readonly #reader: ReadableStreamReaderLike<unknown>;
  #isOver = false;

  constructor(reader: ReadableStreamReaderLike<unknown>) {
    this.#reader = reader;
  }

  async read(): Promise<SourceBatch<unknown>> {
    try {
      const next = await this.#reader.read();
      if (!next.done) return { items: [next.value] };
    } catch (cause) {
      this.#isOver = true;
      throw cause;
    }
    this.#isOver = true;
    return ENDED;
  }

  async close(): Promise<void> {
    if (!this.#isOver) await this.#reader.cancel();
  }
}
