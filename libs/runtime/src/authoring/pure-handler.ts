import type { HandlerContext } from "../step/handler-context.ts";

/** Refuses, by its text, a handler that returns a promise, or may. */
export type Synchronous<Output> = MayBePromise<Output> extends true ? "a pure stage must not await" : unknown;

/** Whether a promise is among what a type may be. What is `any` may be anything, and is let pass. */
export type MayBePromise<T> = 0 extends 1 & T
  ? false
  : [Extract<T, PromiseLike<unknown>>] extends [never]
    ? false
    : true;

/** A pure function of an input and the context. */
export type PureHandler<Input, Output> = ((input: Input, context: HandlerContext) => Output) & Synchronous<Output>;
