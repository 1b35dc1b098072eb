/**
 * What is wrong with the description of a machine. All faults are found together, in the order of the description.
 * `event` names an event kind, `state` and `target` a state kind.
 */
export type BuildFault =
  | { readonly kind: "duplicate-state"; readonly state: string }
  /** Two answers to one event in one state, be they moves, stays or ignores. */
  | { readonly kind: "duplicate-handler"; readonly state: string; readonly event: string }
  | { readonly kind: "duplicate-wildcard"; readonly event: string }
  | { readonly kind: "duplicate-hook"; readonly state: string; readonly hook: "entry" | "exit" }
  | { readonly kind: "duplicate-timeout"; readonly state: string }
  /** `state` is absent when a wildcard names the target. */
  | { readonly kind: "unknown-target"; readonly state?: string; readonly event: string; readonly target: string }
  /** A move that names no target at all, or several without a handler to choose among them. */
  | {
      readonly kind: "unclear-target";
      readonly state?: string;
      readonly event: string;
      readonly targets: readonly string[];
    }
  | { readonly kind: "unknown-initial"; readonly state: string }
  | { readonly kind: "initial-stuck"; readonly state: string }
  | { readonly kind: "unreachable-state"; readonly state: string }
  /** The state is not final and no event leads to another state. */
  | { readonly kind: "stuck-state"; readonly state: string }
  /** A final state moves, stays, times out or has an exit hook. It may only be entered, and ignore what comes later. */
  | { readonly kind: "final-not-final"; readonly state: string }
  | { readonly kind: "invalid-timeout"; readonly state: string; readonly afterMs: unknown }
  /** The event of the timeout has no answer in that state, or is ignored there. */
  | { readonly kind: "timeout-unhandled"; readonly state: string; readonly event: string };
