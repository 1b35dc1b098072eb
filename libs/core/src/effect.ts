import type { AbortSignalLike } from "./abort-signal.ts";
import type { ErrorKind } from "./record.ts";

/**
 * What happens when a call is made twice, which a process that takes over a run may have to do if the first one was under way:
 * - `idempotent`: nothing, the second changes nothing;
 * - `keyed`: nothing, the other side knows a call by its key and does not act on it again;
 * - `at-least-once`: it acts twice;
 * - `transactional`: it is not made twice: `find` tells what became of a key.
 */
export type EffectSafety = "idempotent" | "keyed" | "at-least-once" | "transactional";

/** What a call knows besides its input. */
export interface EffectCall<Client> {
  /** The same on every attempt, and on no other call of the run: for the other side to know the call by. */
  readonly key: string;
  /** Aborted when nobody waits for the call any longer. */
  readonly signal: AbortSignalLike;
  readonly client: Client;
}

/** A failure that the author of an effect foresaw. What a call throws instead fails as `unknown`, with no detail. */
export class EffectFailure<Detail> {
  readonly mark = "refold.effect-failure" as const;
  readonly error: ErrorKind;
  readonly message: string;
  /** Goes on record: plain data. */
  readonly detail: Detail;
  /** How long the other side asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** Also one that was made by another copy of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return (value as { readonly mark?: unknown } | null | undefined)?.mark === "refold.effect-failure";
  }

  constructor(failure: {
    readonly error: ErrorKind;
    readonly message: string;
    readonly detail: Detail;
    readonly retryAfterMs?: number;
  }) {
    this.error = failure.error;
    this.message = failure.message;
    this.detail = failure.detail;
    this.retryAfterMs = failure.retryAfterMs;
  }
}

/**
 * A call to the outside whose outcome goes on record. It is made when it is not on record yet; in a replay it never is. What it
 * returns, or the `EffectFailure` that it returns, is plain data that can be stored.
 */
export interface Effect<Input, Returned, Client = undefined> {
  readonly name: string;
  /**
   * A whole number from 1. Raise it when the same input is to mean another call: a run with outcomes of another version cannot be
   * gone on with.
   */
  readonly version: number;
  readonly safety: EffectSafety;
  /** The key of a call, where the author has a better one than its place in the run. */
  readonly key?: (input: Input) => string;
  /**
   * Makes what calls need: connections, credentials. Called once a run, before the first call that is made; nothing of it goes on
   * record.
   */
  readonly client?: () => Client | Promise<Client>;
  /** Gives the client up when the stage has ended, however it did. */
  readonly close?: (client: Client) => void | Promise<void>;
  readonly run: (input: Input, call: EffectCall<Client>) => Returned | Promise<Returned>;
  /** Of a `transactional` effect: what became of a key, or `undefined` if nothing did. */
  readonly find?: (key: string, call: EffectCall<Client>) => Returned | undefined | Promise<Returned | undefined>;
}
