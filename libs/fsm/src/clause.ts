import type { Kinded } from "./kinded.ts";

/** A handler as the builders keep it: its parameters were checked where it was written. */
export type ErasedHandler = (
  state: never,
  event: never,
) => { readonly state?: Kinded; readonly actions?: readonly unknown[] };

/** A hook as the builders keep it. */
export type ErasedHook = (state: never, event: never) => readonly unknown[];

/** How a state, or a wildcard, answers events. */
export type AnswerClause =
  | {
      readonly kind: "move";
      readonly events: readonly string[];
      readonly targets: readonly string[];
      readonly handler: ErasedHandler | undefined;
    }
  | { readonly kind: "stay"; readonly events: readonly string[]; readonly handler: ErasedHandler | undefined }
  | { readonly kind: "ignore"; readonly events: readonly string[] };

/** One line of the description of a state. */
export type Clause =
  | AnswerClause
  | { readonly kind: "entry" | "exit"; readonly hook: ErasedHook }
  | { readonly kind: "after"; readonly delay: number | string; readonly event: Kinded };

/** The description of one state. */
export interface StateClauses {
  readonly state: string;
  readonly final: boolean;
  readonly clauses: readonly Clause[];
}

/** A whole machine as described, before it is checked. */
export interface Draft {
  readonly name: string;
  readonly initial: Kinded;
  readonly states: readonly StateClauses[];
  readonly wildcards: readonly AnswerClause[];
  readonly unhandled: "fault" | "ignore";
}
