import type { PolicyName } from "./policy-spec.ts";

/** Why policies cannot be used. All that is wrong is told at once. */
export type PolicyFault =
  | {
      readonly kind: "bad-policy-number";
      readonly policy: PolicyName;
      /** The option, as its author writes it. */
      readonly option: string;
      /** The value as text. */
      readonly given: string;
      readonly allowed: string;
    }
  | { readonly kind: "policy-given-twice"; readonly policy: PolicyName }
  | { readonly kind: "retry-not-repeatable" }
  | { readonly kind: "breaker-never-opens" };

/** What is wrong, and what to do, in a sentence or two. */
export function explainPolicyFault(fault: PolicyFault): string {
  switch (fault.kind) {
    case "bad-policy-number":
      return `${fault.option} of the policy ${fault.policy} is ${fault.given}. It takes ${fault.allowed}.`;
    case "policy-given-twice":
      return `The policy ${fault.policy} is given more than once. Keep one of them.`;
    case "retry-not-repeatable":
      return "A retry would repeat a call that is not safe to repeat. Declare the call idempotent or keyed if it is, or remove the retry.";
    case "breaker-never-opens":
      return "The circuit-breaker has a window, but no threshold, and would never open. Give it a failureRate, or a slowRate with slowMs.";
  }
}
