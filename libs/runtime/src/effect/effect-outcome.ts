import { err, ok, type Result } from "neverthrow";

import type { Effect, EffectFailure, EffectSettledRecord, ErrorKind } from "@refold/core";

import type { PolicySpec } from "../policy/policy-spec.ts";

/** Why a call did not give what it was made for. */
export interface EffectFault<Detail> {
  readonly error: ErrorKind;
  readonly message: string;
  /** What the effect's author says of a failure that was foreseen; `undefined` of any other. */
  readonly detail: Detail | undefined;
}

/** What a call comes to. */
export type EffectResult<Returned> = Result<
  Exclude<Returned, EffectFailure<unknown>>,
  EffectFault<Returned extends EffectFailure<infer Detail> ? Detail : never>
>;

/** An effect that a stage can declare, with the policies that guard its calls. */
export interface DeclaredEffect<Input, Returned, Client> extends Effect<Input, Returned, Client> {
  readonly policies: readonly PolicySpec[];
}

/** An effect of any kind. Whoever calls it gives it what its type asks for. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its input and client stand where only a supertype of all would fit
export type AnyEffect = DeclaredEffect<any, unknown, any>;

/** What goes on record of an outcome, and comes back from there. */
export type SettledOutcome = Pick<EffectSettledRecord, "outcome" | "value">;

export function resultOf({ outcome, value }: SettledOutcome): EffectResult<unknown> {
  // What is on record of a failure is what was put there as one.
  return outcome === "succeeded" ? ok(value) : err(value as EffectFault<never>);
}
