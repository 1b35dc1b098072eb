import type { AnswerClause, Clause, Draft } from "./clause.ts";

/** True for the clauses that answer events. */
export function isAnswer(clause: Clause): clause is AnswerClause {
  return clause.kind === "move" || clause.kind === "stay" || clause.kind === "ignore";
}

/**
 * Which clause answers which event in which state: a state's own before a wildcard's, and no wildcard in a final state.
 * Of duplicates the first counts.
 */
export function effectiveAnswers(draft: Draft): Map<string, Map<string, AnswerClause>> {
  const byState = new Map<string, Map<string, AnswerClause>>();
  for (const { state, final, clauses } of draft.states) {
    if (byState.has(state)) continue;
    const byEvent = new Map<string, AnswerClause>();
    for (const clause of [...clauses.filter(isAnswer), ...(final ? [] : draft.wildcards)]) {
      for (const event of clause.events) if (!byEvent.has(event)) byEvent.set(event, clause);
    }
    byState.set(state, byEvent);
  }
  return byState;
}
