import type { SourceBatch, SourceConnector, SourceReader } from "@refold/core";

import { check } from "../conformance/expect.ts";
import { stored } from "./stored.ts";

/** So many reads in a row that give nothing, without an end, are held to be a source that has no more. */
const MOST_EMPTY_READS = 1_000;

/** A place to go on from: behind so many of the items. */
export interface Mark {
  readonly items: number;
  readonly cursor: unknown;
}

/** An open source in the hands of a test, which reads from it as a stage does, and holds it to the rules of a reader. */
export class DrivenSource<T> {
  readonly items: T[] = [];
  /** The cursors that it gave, as they come back from a log. */
  readonly marks: Mark[] = [];
  isDone = false;
  readonly #abort: AbortController = new AbortController();
  readonly #isFinite: boolean;
  #reader: SourceReader<T> | undefined;

  private constructor(isFinite: boolean) {
    this.#isFinite = isFinite;
  }

  static async open<T>(connector: SourceConnector<T>, cursor?: unknown): Promise<DrivenSource<T>> {
    const driven = new DrivenSource<T>(connector.extent === "finite");
    driven.#reader = await connector.open({ cursor, signal: driven.#abort.signal });
    check(typeof driven.#reader?.read === "function", "what is opened can be read");
    return driven;
  }

  /** Reads once: how many items it gave. */
  async read(limit: number): Promise<number> {
    const batch: SourceBatch<T> | undefined = await this.#reader?.read(limit);
    const given: unknown = batch?.items;
    check(batch !== undefined && Array.isArray(given), "a read gives a list of items");
    const { items, cursor, done, againMs } = batch;
    check(items.length <= limit, `a read that may give ${limit} items gave ${items.length}`);
    check(againMs === undefined || againMs >= 0, `a rest is no less than 0 ms, and it is ${againMs}`);
    for (const item of items) {
      const isTheSame = typeof item === "object" && item !== null && item === this.items.at(-1);
      check(!isTheSame || Object.isFrozen(item), "each item is an object of its own");
      this.items.push(item);
    }
    if (cursor !== undefined) this.marks.push({ items: this.items.length, cursor: stored(cursor, "a cursor") });
    if (done === true) {
      check(this.#isFinite, "an infinite source is never done");
      this.isDone = true;
    }
    return items.length;
  }

  /** Reads until it is done, or has given so many items. */
  async readUpTo(count: number, limit: number): Promise<void> {
    for (let empty = 0; !this.isDone && this.items.length < count;) {
      empty = (await this.read(Math.min(limit, count - this.items.length))) === 0 ? empty + 1 : 0;
      check(empty <= MOST_EMPTY_READS, `it gives something at least once in ${MOST_EMPTY_READS} reads`);
    }
  }

  /** Reads all that there is: of an infinite source, so many items. */
  async readAll(count: number, limit: number): Promise<void> {
    await this.readUpTo(count, limit);
    // The end may be told of only when there is nothing left to give.
    for (let reads = 0; this.#isFinite && !this.isDone; reads++) {
      const given = await this.read(limit);
      check(given === 0, "it gives no more than there is");
      check(reads <= MOST_EMPTY_READS, "a finite source says when it is done");
    }
  }

  /** Tells it that nothing more is wanted. */
  abort(): void {
    this.#abort.abort();
  }

  /** What a stage does to a source: it is told that nothing more is wanted, unless it is done, and is closed, once. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    if (!this.isDone) this.abort();
    await reader?.close?.();
  }

  /** Whether a read that failed may be made again. */
  isFinal(cause: unknown): boolean {
    return this.#reader?.isFinal?.(cause) ?? false;
  }
}
