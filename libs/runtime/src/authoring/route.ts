import type { EventType, PayloadOf } from "@refold/core";

import type { HandlerContext } from "../step/handler-context.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { Outputs, StageProgram } from "../step/stage-program.ts";

/** The branches of a route: a name and an event type for each. */
export type Branches = Readonly<Record<string, EventType<unknown>>>;

/** Puts an output on a branch. */
export type Router<B extends Branches> = { readonly [K in keyof B]: (output: PayloadOf<B[K]>) => void };

/** What is wrong with branches, if anything is. */
export function branchesProblem(branches: Branches): string | undefined {
  const names = Object.entries(branches);
  if (names.length === 0) return "it has no branches: give it one for each kind of output";
  const taken = new Map<string, string>();
  for (const [branch, { name }] of names) {
    const other = taken.get(name);
    if (other !== undefined) {
      return `its branches \`${other}\` and \`${branch}\` have the same event type "${name}": give each its own`;
    }
    taken.set(name, branch);
  }
  return undefined;
}

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
