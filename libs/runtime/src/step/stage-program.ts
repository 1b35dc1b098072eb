import type { EndKind, ErrorKind, LaneId, LaneSeq } from "@refold/core";

import type { HandlerContext } from "./handler-context.ts";

/** Where a program puts its outputs. */
export interface Outputs {
  /** An output of the input at hand. `port` says which of the stage's output types it is of. */
  emit(payload: unknown, port?: number): void;
  /** Passes the input at hand on as it is. Whoever says so has not changed it. */
  forward(): void;
  /** Puts the input at hand aside, as an error on record. */
  reject(error: ErrorKind, message: string): void;
  /** Promises that no later output has an event time below this one. */
  watermark(eventTimeMs: number): void;
}

/** What a program knows of the input at hand besides what handlers do: where it stands. */
export interface ProgramContext extends HandlerContext {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/**
 * What a pure stage computes, apart from where its inputs come from and its outputs go: the live stage and the replay run the
 * same program. It is a function of its inputs and its timers, in their order, and it keeps its own state. Outputs that it
 * returns as an iterator, instead of emitting them, are taken as there is room for them. An iterator may also give a
 * `TracedOutput`, which tells its lineage.
 */
export interface StageProgram {
  /** Takes one input. What it throws is a bug of the handler. */
  accept(input: unknown, context: ProgramContext, outputs: Outputs): Iterator<unknown> | undefined;
  /** An upstream lane has ended, after all inputs that were accepted so far. One that did not end naturally was cut short. */
  ended?(lane: LaneId, outputs: Outputs, end: EndKind): Iterator<unknown> | undefined;
  /**
   * Whether inputs of a lane come to nothing now, because another lane was cut short. Whoever goes on with the stage gets them
   * again.
   */
  passesBy?(lane: LaneId): boolean;
  /** Another process goes on with the stage: ends that were not natural are none any more. */
  takeOver?(): void;
  /** When `fire` is to be called, in milliseconds since 1970; `undefined` while there is no need. */
  readonly dueMs?: number | undefined;
  /** The time of `dueMs` has come. What it gives are aggregates. */
  fire?(context: HandlerContext): Iterator<unknown> | undefined;
  /** What is left to emit when all inputs have ended naturally, lazily: aggregates. */
  finish(context: HandlerContext): Iterable<unknown>;
  /** The state after all that was accepted and emitted so far, as a value that can be stored. */
  snapshot?(): unknown;
  /** Takes a state that `snapshot` gave. Called before anything else, or never. */
  restore?(state: unknown): void;
}
