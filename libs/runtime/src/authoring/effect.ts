import type { Effect, EffectSafety } from "@refold/core";

import type { AnyEffect, DeclaredEffect } from "../effect/effect-outcome.ts";
import { checkPolicies } from "../policy/check-policies.ts";
import { explainPolicyFault } from "../policy/policy-fault.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";

/** An effect as its author writes it. */
export interface EffectSpec<Input, Returned, Client> extends Omit<Effect<Input, Returned, Client>, "version"> {
  /** 1 unless told otherwise. */
  readonly version?: number;
  /** What guards its calls: see `retry`, `timeout`, `circuitBreaker`, `rateLimit`, `bulkhead`. */
  readonly policies?: readonly PolicySpec[];
}

/**
 * Declares an effect: a call to the outside whose outcome goes on record, so that it is not made again when the run is gone on
 * with, and never in a replay. Its input needs a type; what it returns is inferred, and an `EffectFailure` among it is told apart.
 */
export function effect<Input, Returned, Client = undefined>(
  spec: EffectSpec<Input, Returned, Client>,
): DeclaredEffect<Input, Returned, Client> {
  return { version: 1, policies: [], ...spec };
}

const SAFETIES: readonly EffectSafety[] = ["idempotent", "keyed", "at-least-once", "transactional"];

/** What is wrong with the declaration of an effect, in words that follow the stage's name. */
export function effectProblems(as: string, effect: AnyEffect): readonly string[] {
  const problems: string[] = [];
  const say = (problem: string): void => void problems.push(`its effect \`${as}\` ${problem}`);
  // Callers without a compiler may give anything.
  const { name, version, safety, run, policies = [] } = (effect as AnyEffect | undefined) ?? ({} as Partial<AnyEffect>);
  if (typeof run !== "function") say("has no `run`: declare it by effect({ name, safety, run })");
  if (typeof name !== "string" || name.trim() === "") say("has no name: it is on record by it");
  if (!Number.isSafeInteger(version) || (version ?? 0) < 1)
    say(`has version ${String(version)}: give a whole number from 1`);
  if (safety === undefined || !SAFETIES.includes(safety)) {
    say(
      `has safety ${JSON.stringify(safety)}: say what a second call does, by ${SAFETIES.map((s) => `"${s}"`).join(", ")}`,
    );
  }
  if (safety === "transactional" && typeof effect.find !== "function") {
    say("is transactional and has no `find`: nobody can tell whether a call that was under way took effect");
  }
  for (const fault of checkPolicies(policies, { repeatable: safety !== "at-least-once" })) {
    say(`has a policy that cannot be used: ${explainPolicyFault(fault).replace(/\.$/, "")}`);
  }
  return problems;
}
