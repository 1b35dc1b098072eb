import { err, ok, type Result } from "neverthrow";

import type { Wake } from "./wake.ts";

/** Why a channel did not take an event. */
export type ChannelFault =
  { readonly kind: "channel-closed" } | { readonly kind: "channel-full"; readonly limit: number };

/** Events from outside for one supervisor, in the order sent, up to a limit. */
export class Channel<E> {
  /** How many events may wait. */
  readonly limit: number;
  readonly #queue: E[] = [];
  readonly #wake: Wake;
  #closed = false;

  constructor(limit: number, wake: Wake) {
    this.limit = limit;
    this.#wake = wake;
  }

  /** With a `limit` below the channel's own, a sender leaves room for others. */
  send(event: E, limit: number = this.limit): Result<void, ChannelFault> {
    if (this.#closed) return err({ kind: "channel-closed" });
    if (this.#queue.length >= limit) return err({ kind: "channel-full", limit });
    this.#queue.push(event);
    this.#wake.signal();
    return ok(undefined);
  }

  /** Takes back the event that was sent last, if it still waits and is the one meant. Returns whether it did. */
  takeBack(isMeant: (event: E) => boolean): boolean {
    const last = this.#queue.at(-1);
    if (last === undefined || !isMeant(last)) return false;
    this.#queue.pop();
    return true;
  }

  /** What was sent before is still delivered. */
  close(): void {
    this.#closed = true;
    this.#wake.signal();
  }

  /** True when nothing is left and nothing can come. */
  get ended(): boolean {
    return this.#closed && this.#queue.length === 0;
  }

  take(): E | undefined {
    return this.#queue.shift();
  }

  /** The next event, or `undefined` when the channel has ended. */
  async next(): Promise<E | undefined> {
    while (this.#queue.length === 0 && !this.#closed) await this.#wake.wait();
    return this.#queue.shift();
  }
}
