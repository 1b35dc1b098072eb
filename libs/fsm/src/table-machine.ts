import { err, ok, type Result } from "neverthrow";

import type { Draft } from "./clause.ts";
import { describe } from "./describe.ts";
import type { MachineDescription } from "./description.ts";
import type { FoldFault } from "./fsm-fault.ts";
import type { Kinded } from "./kinded.ts";
import type { Machine, Timeout } from "./machine.ts";
import { NONE, type Outcome, type Row, type Rule, transitionTable } from "./transition-table.ts";

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
    this.#rows = transitionTable(draft);
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
