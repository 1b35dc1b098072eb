import type { EventType, PayloadOf } from "@refold/core";

import type { HandlerContext } from "../step/handler-context.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { Outputs, StageProgram } from "../step/stage-program.ts";

/** The branches of a route: a name and an event type for each. */
export type Branches = Readonly<Record<string, EventType<unknown>>>;

/** Puts an output on a branch. */
export type Router<B extends Branches> = { readonly [K in keyof B]: (output: PayloadOf<B[K]>) => void };

export function routeProgram<T, B extends Branches>(
  branches: readonly string[],
  handler: (input: T, to: Router<B>, context: HandlerContext) => void,
): StageProgram {
  let into: Outputs | undefined;
  const to = Object.fromEntries(
    branches.map((branch, port) => [
      branch,
      (output: unknown): void => {
        if (into === undefined) throw new Error("an output was put on a branch after its handler had returned");
        into.emit(output, port);
      },
    ]),
  );
  return {
    accept(input, context, outputs) {
      into = outputs;
      try {
        // The types of the flow hold what arrives, and the branches are those of the router's type.
        mustNotAwait(handler(input as T, to as unknown as Router<B>, context));
      } finally {
        into = undefined;
      }
      return undefined;
    },
    finish: () => [],
  };
}

/** What is wrong with the branches of a route, as JavaScript may give them: nothing, if the list is empty. */
export function routeProblems(branches: Branches | undefined): readonly string[] {
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const [branch, type] of Object.entries(branches ?? {})) {
    const name = (type as EventType<unknown> | undefined)?.name;
    if (name === undefined) {
      problems.push(`its branch "${branch}" has no event type: give it one, such as eventType("${branch}")`);
      continue;
    }
    const other = names.get(name);
    // A branch is told by the type of what is put on it.
    if (other !== undefined) {
      problems.push(`its branches "${other}" and "${branch}" have one event type: give each a type of its own`);
    }
    names.set(name, branch);
  }
  if (names.size === 0 && problems.length === 0)
    problems.push("it has no branches: give it a name and a type for each");
  return problems;
}
