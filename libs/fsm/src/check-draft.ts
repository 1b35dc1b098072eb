import type { BuildFault } from "./build-fault.ts";
import type { AnswerClause, Draft, StateClauses } from "./clause.ts";
import { effectiveAnswers, isAnswer } from "./effective-answers.ts";

type Answers = ReadonlyMap<string, ReadonlyMap<string, AnswerClause>>;

/** Every fault of a draft, in the order of the description; none if it makes a machine. */
export function checkDraft(draft: Draft): readonly BuildFault[] {
  const answers = effectiveAnswers(draft);
  return [
    ...duplicateStates(draft),
    ...draft.states.flatMap((described) => [
      ...duplicates(described),
      ...described.clauses.filter(isAnswer).flatMap((clause) => badTargets(answers, clause, described.state)),
      ...badTimeouts(answers, described),
    ]),
    ...repeated(draft.wildcards.flatMap(({ events }) => events)).map(
      (event) => ({ kind: "duplicate-wildcard", event }) as const,
    ),
    ...draft.wildcards.flatMap((clause) => badTargets(answers, clause)),
    ...badShape(draft, answers),
  ];
}

function duplicateStates(draft: Draft): BuildFault[] {
  return repeated(draft.states.map(({ state }) => state)).map((state) => ({ kind: "duplicate-state", state }));
}

function duplicates({ state, clauses }: StateClauses): BuildFault[] {
  return [
    ...repeated(clauses.filter(isAnswer).flatMap(({ events }) => events)).map(
      (event) => ({ kind: "duplicate-handler", state, event }) as const,
    ),
    ...(["entry", "exit"] as const)
      .filter((hook) => count(clauses, hook) > 1)
      .map((hook) => ({ kind: "duplicate-hook", state, hook }) as const),
    ...(count(clauses, "after") > 1 ? [{ kind: "duplicate-timeout", state } as const] : []),
  ];
}

function badTargets(answers: Answers, clause: AnswerClause, state?: string): BuildFault[] {
  if (clause.kind !== "move") return [];
  const { events, targets, handler } = clause;
  const where = state === undefined ? {} : { state };
  const unclear = targets.length === 0 || (targets.length > 1 && handler === undefined);
  return events.flatMap((event) => [
    ...(unclear ? [{ kind: "unclear-target", ...where, event, targets } as const] : []),
    ...targets
      .filter((target) => !answers.has(target))
      .map((target) => ({ kind: "unknown-target", ...where, event, target }) as const),
  ]);
}

function badTimeouts(answers: Answers, { state, final, clauses }: StateClauses): BuildFault[] {
  return clauses.flatMap((clause): BuildFault[] => {
    if (clause.kind !== "after" || final) return [];
    const { delay, event } = clause;
    const answer = answers.get(state)?.get(event.kind);
    const valid = typeof delay === "string" || (Number.isFinite(delay) && delay > 0);
    return [
      ...(valid ? [] : [{ kind: "invalid-timeout", state, afterMs: delay } as const]),
      ...(answer === undefined || answer.kind === "ignore"
        ? [{ kind: "timeout-unhandled", state, event: event.kind } as const]
        : []),
    ];
  });
}

/** The faults of the graph: what cannot be reached, and where it ends without being final. */
function badShape(draft: Draft, answers: Answers): BuildFault[] {
  const initial = draft.initial.kind;
  const finals = new Set(draft.states.filter(({ final }) => final).map(({ state }) => state));
  const reached = reachable(initial, answers);
  const faults: BuildFault[] = answers.has(initial) ? [] : [{ kind: "unknown-initial", state: initial }];
  for (const state of answers.keys()) {
    const leaves = targetsOf(answers, state).some((target) => target !== state);
    if (finals.has(state) && actsThoughFinal(draft, state)) faults.push({ kind: "final-not-final", state });
    if (state === initial && !leaves) faults.push({ kind: "initial-stuck", state });
    else if (!finals.has(state) && !leaves) faults.push({ kind: "stuck-state", state });
    if (answers.has(initial) && !reached.has(state)) faults.push({ kind: "unreachable-state", state });
  }
  return faults;
}

function actsThoughFinal(draft: Draft, state: string): boolean {
  return draft.states.some(
    (described) =>
      described.state === state && described.clauses.some(({ kind }) => kind !== "entry" && kind !== "ignore"),
  );
}

function reachable(initial: string, answers: Answers): ReadonlySet<string> {
  const reached = new Set([initial]);
  // A set hands out what is added while it is being walked.
  for (const state of reached) for (const target of targetsOf(answers, state)) reached.add(target);
  return reached;
}

function targetsOf(answers: Answers, state: string): readonly string[] {
  return [...(answers.get(state)?.values() ?? [])].flatMap((answer) => (answer.kind === "move" ? answer.targets : []));
}

function count(clauses: StateClauses["clauses"], kind: string): number {
  return clauses.filter((clause) => clause.kind === kind).length;
}

/** The names that occur more than once, each of them once. */
function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
