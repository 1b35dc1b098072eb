import { ok, type Result } from "neverthrow";

import type { AnswerClause, Clause, Draft, ErasedHandler, ErasedHook, StateClauses } from "./clause.ts";
import { effectiveAnswers } from "./effective-answers.ts";
import type { FsmFault } from "./fsm-fault.ts";
import type { Kinded } from "./kinded.ts";
import type { Timeout } from "./machine.ts";
import type { Step } from "./step.ts";

/** What a transition comes to, its types left aside. */
export type Outcome = Result<Step<Kinded, unknown>, FsmFault>;

/** A state as the machine looks it up. */
export interface Row {
  readonly kind: string;
  readonly final: boolean;
  readonly entry: ErasedHook | undefined;
  readonly exit: ErasedHook | undefined;
  /** Ready to hand out if the delay is a constant, the name of a field if it is not. */
  readonly timeout: Timeout<Kinded> | { readonly field: string; readonly event: Kinded } | undefined;
  readonly rules: Map<string, Rule>;
}

/** What is done with one event in one state. */
export interface Rule {
  readonly kind: "move" | "stay" | "ignore";
  readonly handler: ErasedHandler | undefined;
  readonly targets: ReadonlyMap<string, Row>;
  /** The state made by the name of the only target. */
  readonly bare: Kinded | undefined;
  /** The whole answer, if neither a handler nor a hook can vary it. */
  readonly constant: Outcome | undefined;
}

/** No actions, shared by all who have none. */
export const NONE: readonly unknown[] = Object.freeze([]);

/** Lays a checked draft out for look-up. */
export function transitionTable(draft: Draft): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const described of draft.states) rows.set(described.state, rowOf(described));
  for (const [state, answers] of effectiveAnswers(draft)) {
    const row = rows.get(state);
    if (row === undefined) continue;
    for (const [event, answer] of answers) row.rules.set(event, ruleOf(rows, row, answer));
  }
  return rows;
}

function rowOf({ state, final, clauses }: StateClauses): Row {
  return {
    kind: state,
    final,
    entry: hookOf(clauses, "entry"),
    exit: hookOf(clauses, "exit"),
    timeout: timeoutOf(clauses),
    rules: new Map(),
  };
}

function hookOf(clauses: readonly Clause[], kind: "entry" | "exit"): ErasedHook | undefined {
  for (const clause of clauses) if (clause.kind === kind) return clause.hook;
  return undefined;
}

function timeoutOf(clauses: readonly Clause[]): Row["timeout"] {
  for (const clause of clauses) {
    if (clause.kind !== "after") continue;
    const { delay, event } = clause;
    return typeof delay === "string" ? { field: delay, event } : Object.freeze({ afterMs: delay, event });
  }
  return undefined;
}

function ruleOf(rows: ReadonlyMap<string, Row>, from: Row, answer: AnswerClause): Rule {
  if (answer.kind !== "move") {
    return {
      kind: answer.kind,
      handler: answer.kind === "stay" ? answer.handler : undefined,
      targets: new Map(),
      bare: undefined,
      constant: undefined,
    };
  }
  const { targets: names, handler } = answer;
  const targets = new Map<string, Row>();
  for (const name of names) {
    const row = rows.get(name);
    if (row !== undefined) targets.set(name, row);
  }
  const [only] = names;
  const bare = only !== undefined && targets.size === 1 ? Object.freeze({ kind: only }) : undefined;
  const varies =
    handler !== undefined ||
    from.exit !== undefined ||
    bare === undefined ||
    targets.get(bare.kind)?.entry !== undefined;
  const constant = varies
    ? undefined
    : Object.freeze(ok(Object.freeze({ kind: "moved", state: bare, actions: NONE } as const)));
  return { kind: "move", handler, targets, bare, constant };
}
