import type { DeliveryGuarantee } from "@refold/core";
import type { PolicyAnnotation } from "@refold/topology";

import type { FlowFault } from "../definition/flow-fault.ts";
import { checkPolicies } from "../policy/check-policies.ts";
import { explainPolicyFault } from "../policy/policy-fault.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";

/** What is wrong with the policies of a sink's writes. They are made again only where the sink says that this does no harm. */
export function writePolicyFaults(
  stage: string,
  policies: readonly PolicySpec[],
  guarantee: DeliveryGuarantee | undefined,
): readonly FlowFault[] {
  const repeatable = guarantee === "idempotent" || guarantee === "exactly-once";
  return policyFaults(stage, policies, repeatable);
}

/** What is wrong with the policies of a source's polls. */
export function pollPolicyFaults(stage: string, policies: readonly PolicySpec[]): readonly FlowFault[] {
  const faults = policyFaults(stage, policies, true);
  if (!policies.some(({ policy }) => policy === "retry")) return faults;
  const problem = "has a retry among its policies: polls are made again by the option `retry` of the source";
  return [...faults, { kind: "bad-option", stage, problem }];
}

function policyFaults(stage: string, policies: readonly PolicySpec[], repeatable: boolean): readonly FlowFault[] {
  return checkPolicies(policies, { repeatable }).map((fault) => ({
    kind: "bad-option",
    stage,
    problem: `has a policy that cannot be used: ${explainPolicyFault(fault).replace(/\.$/, "")}`,
  }));
}

/** Policies as a diagram shows them. */
export function guarded(policies: readonly PolicySpec[]): { readonly policies?: readonly PolicyAnnotation[] } {
  return policies.length === 0 ? {} : { policies: policies.map(({ policy }) => ({ name: policy })) };
}
