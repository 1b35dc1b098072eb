import type { AbortControllerLike, Clock, SourceBatch } from "@refold/core";

import type { OpenedSource } from "../definition/opened-source.ts";
import type { Wake } from "../supervision/wake.ts";
import type { GuardedReads } from "./guarded-reads.ts";
import { CANCEL_GRACE_MS } from "./outside-calls.ts";
import { ReadBatches, type ReadBatch } from "./read-batches.ts";

const BUFFERED_ITEMS = 256;

/** How long to wait before the next read where there was nothing and the reader does not say, in milliseconds. */
const AGAIN_MS = 1_000;

/** What an intake can still give, once nothing that was read is left. */
export type IntakeState =
  | { readonly kind: "open" }
  | { readonly kind: "ended" }
  /** A read failed: `final` if it makes no sense to read again. */
  | { readonly kind: "failed"; readonly cause: unknown; readonly final: boolean };

const OPEN: IntakeState = { kind: "open" };

/**
 * Reads from what a source opened: as asked where the reader answers at once, and ahead, into a bounded buffer, where it has
 * to be awaited, so that a step takes whatever has arrived.
 */
export class Intake {
  state: IntakeState = OPEN;
  /** How many reads have failed in a row. */
  failures = 0;
  readonly #source: OpenedSource;
  readonly #wake: Wake;
  readonly #clock: Clock;
  readonly #abort: AbortControllerLike;
  readonly #reads: GuardedReads | undefined;
  /** What was read and not yet taken. */
  readonly #read: ReadBatches = new ReadBatches();
  /** Whether the last read had to be awaited. */
  #readsAhead = false;
  /** The read under way, and those that follow it without a pause. It never rejects. */
  #reading: Promise<void> | undefined;
  /** Ends the rest before the next read. */
  #disarmRest: (() => void) | undefined;
  #disarmGrace: (() => void) | undefined;
  #skip: number;
  #last: unknown;
  #draining: "no" | "awaited" | "over" = "no";
  #closed = false;

  constructor(options: {
    readonly source: OpenedSource;
    readonly wake: Wake;
    readonly clock: Clock;
    readonly abort: AbortControllerLike;
    /** Set where reads go through policies. */
    readonly reads?: GuardedReads | undefined;
  }) {
    this.#reads = options.reads;
    this.#source = options.source;
    this.#wake = options.wake;
    this.#clock = options.clock;
    this.#abort = options.abort;
    this.#skip = options.source.skip;
  }

  /** Up to `limit` items and the cursor behind them. None means that there are none now: see `state`, and else wait for the wake. */
  take(limit: number): ReadBatch | undefined {
    if (this.#reading === undefined && (this.#readsAhead || this.#read.isEmpty) && this.#wantsMore) {
      const batch = this.#begin(this.#readsAhead ? BUFFERED_ITEMS - this.#read.items : limit);
      // Most readers keep to the limit, and what they give at once need not be kept.
      if (batch !== undefined && batch.items.length > 0 && batch.items.length <= limit && this.#read.isEmpty)
        return batch;
      if (batch !== undefined) this.#read.add(batch);
    }
    return this.#read.take(limit);
  }

  /** Up to `limit` items of those that were read, when nothing more is wanted. */
  takeRead(limit: number): ReadBatch | undefined {
    return this.#read.take(limit);
  }

  /** Waits before the next read, which follows a failed one. */
  tryAgain(delayMs: number): void {
    this.state = OPEN;
    this.#rest(delayMs);
  }

  /** Nothing more is wanted. What the read under way still gives within its grace can be taken, if it hears the signal. */
  drain(): void {
    if (this.#draining !== "no") return;
    this.#draining = "over";
    this.#disarmRest?.();
    if (this.state.kind !== "ended") this.#abort.abort();
    if (this.#reading === undefined || !this.#source.hearsSignal) return;
    this.#draining = "awaited";
    this.#disarmGrace = this.#clock.schedule(CANCEL_GRACE_MS, () => {
      this.#draining = "over";
      this.#wake.signal();
    });
  }

  /** Whether a read is under way whose items are waited for. */
  get isDraining(): boolean {
    return this.#draining === "awaited" && this.#reading !== undefined;
  }

  /** Tells the source that no more is wanted, once the read under way has settled, if it is one that hears the signal. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#disarmRest?.();
    this.#disarmGrace?.();
    if (this.state.kind !== "ended") this.#abort.abort();
    const { reader, hearsSignal } = this.#source;
    if (this.#reading === undefined) return reader.close?.();
    const closed = hearsSignal ? this.#reading.then(() => reader.close?.()) : Promise.resolve(reader.close?.());
    if (hearsSignal && this.#draining !== "over") return closed;
    // A generator hears of its end when the wait that it is in is over, which may be never. What it throws then tells nobody
    // anything any more.
    void closed.catch(() => undefined);
  }

  get #wantsMore(): boolean {
    return (
      this.state.kind === "open" &&
      this.#disarmRest === undefined &&
      this.#read.items < BUFFERED_ITEMS &&
      !this.#abort.signal.aborted
    );
  }

  /** Makes a read: what it gave at once. `undefined` where it is awaited now, or has failed. */
  #begin(limit: number): ReadBatch | undefined {
    try {
      const batch = this.#readOnce(limit);
      this.#readsAhead = isPromise(batch);
      if (!isPromise(batch)) return this.#accepted(batch);
      this.#reading = this.#readOn(batch);
    } catch (cause) {
      this.#failed(cause);
    }
    return undefined;
  }

  /** Awaits a read, and makes further ones while there is room for what they give. */
  async #readOn(first: PromiseLike<SourceBatch<unknown>>): Promise<void> {
    for (let read: typeof first | undefined = first; read !== undefined;) {
      try {
        const batch = await read;
        if (!this.#closed && this.#draining !== "over") this.#read.add(this.#accepted(batch));
      } catch (cause) {
        // Who is told to stop may well say so by throwing.
        if (!this.#abort.signal.aborted) this.#failed(cause);
      }
      this.#wake.signal();
      read = this.#wantsMore ? this.#next() : undefined;
    }
    this.#reading = undefined;
    this.#disarmGrace?.();
    this.#wake.signal();
  }

  #next(): PromiseLike<SourceBatch<unknown>> | undefined {
    try {
      const batch = this.#readOnce(BUFFERED_ITEMS - this.#read.items);
      if (isPromise(batch)) return batch;
      this.#readsAhead = false;
      this.#read.add(this.#accepted(batch));
    } catch (cause) {
      this.#failed(cause);
    }
    return undefined;
  }

  #readOnce(limit: number): ReturnType<OpenedSource["reader"]["read"]> {
    const { reader } = this.#source;
    return this.#reads === undefined ? reader.read(limit) : this.#reads.read(reader, limit);
  }

  #failed(cause: unknown): void {
    this.failures++;
    this.state = { kind: "failed", cause, final: this.#isFinal(cause) };
  }

  /** A reader that cannot tell has failed for good: nobody knows what else it gets wrong. */
  #isFinal(cause: unknown): boolean {
    try {
      return this.#source.reader.isFinal?.(cause) ?? false;
    } catch {
      return true;
    }
  }

  #accepted(batch: SourceBatch<unknown>): ReadBatch {
    const problem = batchProblem(batch);
    if (problem !== undefined) return this.#refused(problem);
    // What was not read has not succeeded.
    if (this.#reads?.wasRefused !== true) this.failures = 0;
    const { done, againMs } = batch;
    let { items, cursor } = batch;
    if (done === true) this.state = { kind: "ended" };
    else if (items.length === 0) this.#rest(againMs ?? AGAIN_MS);
    else if (againMs !== undefined && againMs > 0) this.#rest(againMs);
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, items.length);
      this.#skip -= skipped;
      items = items.slice(skipped);
      // It would stand behind more items on record than it is behind.
      if (this.#skip > 0) cursor = undefined;
      // Nothing else would have the stage come back for what follows.
      this.#wake.signal();
    }
    const repeated = this.#source.mayRepeat ? -1 : this.#repeated(items);
    if (repeated < 0) return { items, cursor };
    this.#refused("the source gave the same object twice in a row: each item has to be an object of its own");
    // The item before it is the same object, and may be another one by now.
    return { items: items.slice(0, Math.max(0, repeated - 1)), cursor: undefined };
  }

  #refused(problem: string): ReadBatch {
    this.state = { kind: "failed", cause: new TypeError(problem), final: true };
    return { items: [], cursor: undefined };
  }

  /**
   * The first item that is the object before it. A source that gives one object again and again, changed in between, would have
   * all of a step recorded as the last of them: a step is written after its items were read.
   */
  #repeated(items: readonly unknown[]): number {
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "object" || item === null) continue;
      if (item === this.#last && !Object.isFrozen(item)) return i;
      this.#last = item;
    }
    return -1;
  }

  #rest(delayMs: number): void {
    this.#disarmRest = this.#clock.schedule(delayMs, () => {
      this.#disarmRest = undefined;
      this.#wake.signal();
    });
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}

/** What the compiler may not have seen. */
function batchProblem(batch: SourceBatch<unknown> | null | undefined): string | undefined {
  if (!Array.isArray(batch?.items)) return "a read of the source gave no list of items";
  const { againMs = 0, done = false } = batch;
  if (typeof done !== "boolean") return `a read of the source gave done ${String(done)}`;
  return typeof againMs === "number" && againMs >= 0
    ? undefined
    : `a read of the source gave againMs ${String(againMs)}`;
}
