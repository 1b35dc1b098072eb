import type { ErrorKind } from "@refold/core";

import type { HandlerContext } from "../step/handler-context.ts";
import type { AnyEffect, EffectResult } from "./effect-outcome.ts";

/** The effects that a stage declares, by the names by which its handler calls them. */
export type Effects = Readonly<Record<string, AnyEffect>>;

/** Calls an effect, or gives its outcome from the record. It never rejects for what becomes of the call. */
export type EffectCaller<E> = E extends {
  readonly run: (input: infer Input, ...rest: never[]) => infer Returned;
}
  ? (input: Input) => Promise<EffectResult<Awaited<Returned>>>
  : never;

/** What a handler of an effectful stage knows besides its input. */
export interface EffectfulContext<E extends Effects, Emitted = never> extends HandlerContext {
  /** The declared effects. Calls for one input that follow one another, or begin together, are told apart by their order. */
  readonly effects: { readonly [K in keyof E]: EffectCaller<E[K]> };
  /** A value of the moment, made once and on record from then on. `label` tells what it is. */
  readonly capture: <T>(label: string, make: () => T | Promise<T>) => Promise<T>;
  /** An output besides the one that the handler returns, before it. Its type is that of the stage's event type. */
  readonly emit: (output: Emitted) => void;
  /** Puts the input aside, as an error on record. */
  readonly reject: (error: ErrorKind, message: string) => void;
}

/** A stage without a state: inputs are handled several at a time, and their outputs stay in the order of the inputs. */
export interface EffectfulSpec<Input, E extends Effects, Output, Emitted = never> {
  readonly effects: E;
  /** How many inputs may be in hand at once: 16 unless told otherwise. */
  readonly concurrency?: number;
  /** What it returns is an output; `undefined` is none. */
  readonly handle: (input: Input, context: EffectfulContext<E, Emitted>) => Promise<Output> | Output;
}

/** A stage with a state: one input at a time. */
export interface StatefulEffectsSpec<Input, State, E extends Effects, Output> {
  readonly effects: E;
  readonly initial: () => State;
  /** The next state, and what is emitted. */
  readonly handle: (
    state: State,
    input: Input,
    context: EffectfulContext<E>,
  ) => Promise<Handled<State, Output>> | Handled<State, Output>;
}

export interface Handled<State, Output> {
  readonly state: State;
  readonly outputs: Iterable<Output>;
}
