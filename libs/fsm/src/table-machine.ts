import { err, ok, type Result } from "neverthrow";

import type { AnswerClause, Clause, Draft, ErasedHandler, ErasedHook, StateClauses } from "./clause.ts";
import { describe } from "./describe.ts";
import type { MachineDescription } from "./description.ts";
import { effectiveAnswers } from "./effective-answers.ts";
import type { FoldFault, FsmFault } from "./fsm-fault.ts";
import type { Kinded } from "./kinded.ts";
import type { Machine, Timeout } from "./machine.ts";
import type { Step } from "./step.ts";

type Outcome = Result<Step<Kinded, unknown>, FsmFault>;

/** A state as the machine looks it up. */
interface Row {
  readonly kind: string;
  readonly final: boolean;
  readonly entry: ErasedHook | undefined;
  readonly exit: ErasedHook | undefined;
  /** Ready to hand out if the delay is a constant, the name of a field if it is not. */
  readonly timeout: Timeout<Kinded> | { readonly field: string; readonly event: Kinded } | undefined;
  readonly rules: Map<string, Rule>;
}

/** What is done with one event in one state. */
interface Rule {
  readonly kind: "move" | "stay" | "ignore";
  readonly handler: ErasedHandler | undefined;
  readonly targets: ReadonlyMap<string, Row>;
  /** The state made by the name of the only target. */
  readonly bare: Kinded | undefined;
  /** The whole answer, if neither a handler nor a hook can vary it. */
  readonly constant: Outcome | undefined;
}

const NONE: readonly unknown[] = Object.freeze([]);

/** A machine as two levels of look-up, by state and by event: maps, so that no name is special. */
export class TableMachine implements Machine<Kinded, Kinded, unknown> {
  readonly name: string;
  readonly initial: Kinded;
  readonly states: readonly string[];
  readonly #draft: Draft;
  readonly #rows: ReadonlyMap<string, Row>;
  readonly #faultUnhandled: boolean;

  constructor(draft: Draft) {
    this.name = draft.name;
    this.initial = draft.initial;
    this.states = draft.states.map(({ state }) => state);
    this.#draft = draft;
    this.#rows = rowsOf(draft);
    this.#faultUnhandled = draft.unhandled === "fault";
  }

  transition(state: Kinded, event: Kinded): Outcome {
    // Callers without types may pass anything at all, and the answer is a fault all the same.
    const row = this.#rows.get(state?.kind);
    if (row === undefined) return err({ kind: "unknown-state", machine: this.name, state, event });
    const rule = row.rules.get(event?.kind);
    if (rule === undefined) {
      return this.#faultUnhandled
        ? err({ kind: "unhandled-event", machine: this.name, state, event })
        : ok({ kind: "ignored", state, actions: NONE });
    }
    if (rule.constant !== undefined) return rule.constant;
    switch (rule.kind) {
      case "move":
        return this.#move(row, rule, state, event);
      case "stay":
        return this.#stay(row, rule, state, event);
      case "ignore":
        return ok({ kind: "ignored", state, actions: NONE });
    }
  }

  fold(events: Iterable<Kinded>, from: Kinded = this.initial): Result<Kinded, FoldFault> {
    let state = from;
    let index = 0;
    for (const event of events) {
      const step = this.transition(state, event);
      if (step.isErr()) return err({ ...step.error, index });
      state = step.value.state;
      index += 1;
    }
    return ok(state);
  }

  isFinal(state: Kinded): boolean {
    return this.#rows.get(state?.kind)?.final ?? false;
  }

  timeout(state: Kinded): Timeout<Kinded> | undefined {
    const timeout = this.#rows.get(state?.kind)?.timeout;
    if (timeout === undefined || "afterMs" in timeout) return timeout;
    const afterMs: unknown = Reflect.get(state, timeout.field);
    return typeof afterMs === "number" && Number.isFinite(afterMs)
      ? { afterMs: Math.max(0, afterMs), event: timeout.event }
      : undefined;
  }

  describe(): MachineDescription {
    return describe(this.#draft);
  }

  #move(row: Row, rule: Rule, state: Kinded, event: Kinded): Outcome {
    let next = rule.bare;
    let actions = NONE;
    if (rule.handler !== undefined) {
      try {
        const outcome = rule.handler(state as never, event as never);
        next = outcome.state ?? next;
        actions = outcome.actions ?? NONE;
      } catch (cause) {
        return err({ kind: "handler-threw", machine: this.name, state, event, cause });
      }
    }
    const target = next === undefined ? undefined : rule.targets.get(next.kind);
    if (next === undefined || target === undefined) return this.#undeclared(rule.targets.keys(), next, state, event);
    if (target.entry !== undefined) {
      try {
        actions = joined(target.entry(next as never, event as never), actions);
      } catch (cause) {
        return err({ kind: "hook-threw", hook: "entry", of: target.kind, machine: this.name, state, event, cause });
      }
    }
    if (row.exit !== undefined) {
      try {
        actions = joined(row.exit(state as never, event as never), actions);
      } catch (cause) {
        return err({ kind: "hook-threw", hook: "exit", of: row.kind, machine: this.name, state, event, cause });
      }
    }
    return ok({ kind: "moved", state: next, actions });
  }

  #stay(row: Row, rule: Rule, state: Kinded, event: Kinded): Outcome {
    if (rule.handler === undefined) return ok({ kind: "stayed", state, actions: NONE });
    let next: Kinded;
    let actions: readonly unknown[];
    try {
      const outcome = rule.handler(state as never, event as never);
      next = outcome.state ?? state;
      actions = outcome.actions ?? NONE;
    } catch (cause) {
      return err({ kind: "handler-threw", machine: this.name, state, event, cause });
    }
    if (next.kind !== row.kind) return this.#undeclared([row.kind], next, state, event);
    return ok({ kind: "stayed", state: next, actions });
  }

  #undeclared(declared: Iterable<string>, returned: Kinded | undefined, state: Kinded, event: Kinded): Outcome {
    return err({
      kind: "undeclared-target",
      declared: [...declared],
      returned: returned?.kind,
      machine: this.name,
      state,
      event,
    });
  }
}

function joined(first: readonly unknown[], then: readonly unknown[]): readonly unknown[] {
  if (then.length === 0) return first;
  return first.length === 0 ? then : [...first, ...then];
}

function rowsOf(draft: Draft): ReadonlyMap<string, Row> {
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
