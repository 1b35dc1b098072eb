import type { ErrorKind } from "@refold/core";

import type { HandlerContext } from "./handler-context.ts";

/** Where a program puts its outputs. */
export interface Outputs {
  emit(payload: unknown): void;
  /** Puts the input at hand aside, as an error on record. */
  reject(error: ErrorKind, message: string): void;
}

/**
 * What a pure stage computes, apart from where its inputs come from and its outputs go: the live stage and the replay run the
 * same program. It is a function of its inputs alone, and it keeps its own state.
 */
export interface StageProgram {
  /**
   * Takes one input. What it throws is a bug of the handler. Outputs that it returns as an iterator, instead of emitting them,
   * are taken as there is room for them.
   */
  accept(input: unknown, context: HandlerContext, outputs: Outputs): Iterator<unknown> | undefined;
  /** What is left to emit when all inputs have ended naturally, lazily. */
  finish(context: HandlerContext): Iterable<unknown>;
}
