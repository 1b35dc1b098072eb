import type { HandlerContext } from "../step/handler-context.ts";

/** Refuses, by its text, a handler that returns a promise. */
export type Synchronous<Output> = Output extends PromiseLike<unknown> ? "a pure stage must not await" : unknown;

/** A pure function of an input and the context. */
export type PureHandler<Input, Output> = ((input: Input, context: HandlerContext) => Output) & Synchronous<Output>;
