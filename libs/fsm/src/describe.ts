import type { AnswerClause, Draft } from "./clause.ts";
import type { EdgeDescription, MachineDescription, TimeoutDescription, WildcardDescription } from "./description.ts";
import { isAnswer } from "./effective-answers.ts";

/** Puts a draft into plain data. */
export function describe(draft: Draft): MachineDescription {
  const edges: EdgeDescription[] = [];
  const timeouts: TimeoutDescription[] = [];
  for (const { state, clauses } of draft.states) {
    for (const clause of clauses) {
      if (clause.kind === "after") timeouts.push({ state, after: clause.delay, event: clause.event.kind });
      else if (isAnswer(clause)) edges.push(...answers(clause).map((answer) => ({ from: state, ...answer })));
    }
  }
  return {
    name: draft.name,
    initial: draft.initial.kind,
    states: draft.states.map(({ state }) => state),
    finals: draft.states.filter(({ final }) => final).map(({ state }) => state),
    edges,
    wildcards: draft.wildcards.flatMap(answers),
    timeouts,
    unhandled: draft.unhandled,
  };
}

function answers(clause: AnswerClause): WildcardDescription[] {
  return clause.events.map((event) => ({
    kind: clause.kind,
    event,
    to: clause.kind === "move" ? [...clause.targets] : [],
  }));
}
