import { describe, expect, it } from "vitest";

import { checkPolicies } from "./check-policies.ts";
import { explainPolicyFault } from "./policy-fault.ts";
import { bulkhead, circuitBreaker, rateLimit, retry, timeout, type PolicySpec } from "./policy-spec.ts";

const faultsOf = (specs: readonly PolicySpec[], repeatable = true): readonly string[] =>
  checkPolicies(specs, { repeatable }).map(explainPolicyFault);

describe("policies are checked when a flow is built", () => {
  it("finds nothing wrong with one of each, as their defaults are", () => {
    expect(
      faultsOf([
        timeout(1_000),
        bulkhead({ concurrent: 4, waiting: 10 }),
        rateLimit({ perSecond: 0.5 }),
        circuitBreaker({ window: 20, minimumCalls: 10, failureRate: 0.5, slowRate: 0.5, slowMs: 2_000 }),
        retry(),
      ]),
    ).toEqual([]);
    expect(faultsOf([circuitBreaker({ consecutive: 5 }), retry({ delayMs: 0 })])).toEqual([]);
  });

  it("names every option that is not what it may be, and says what it may be", () => {
    expect(
      faultsOf([
        rateLimit({ perSecond: 0, burst: 1, cost: 3 }),
        circuitBreaker({
          window: 5,
          minimumCalls: 6,
          failureRate: 0,
          slowRate: 1.5,
          slowMs: Number.NaN,
          openMs: 0,
          probes: 1.5,
        }),
        retry({ attempts: 0, firstMs: 500, maxMs: 100, factor: 0.5, jitter: 2, windowMs: Number.POSITIVE_INFINITY }),
        timeout(-1),
        bulkhead({ concurrent: 0, waiting: -1 }),
      ]),
    ).toEqual([
      "perSecond of the policy rate-limit is 0. It takes a number from 0.00001 to 1000000.",
      "burst of the policy rate-limit is 1. It takes a number from its cost, 3, to 1000000.",
      "minimumCalls of the policy circuit-breaker is 6. It takes a whole number from 1 to its window, 5.",
      "failureRate of the policy circuit-breaker is 0. It takes a number above 0, up to 1.",
      "slowRate of the policy circuit-breaker is 1.5. It takes a number above 0, up to 1.",
      "slowMs of the policy circuit-breaker is NaN. It takes a number from 1 to 86400000.",
      "openMs of the policy circuit-breaker is 0. It takes a number from 1 to 86400000.",
      "probes of the policy circuit-breaker is 1.5. It takes a whole number from 1 to 10000.",
      "attempts of the policy retry is 0. It takes a whole number from 1 to 100.",
      "factor of the policy retry is 0.5. It takes a number from 1 to 100.",
      "maxMs of the policy retry is 100. It takes a number from its firstMs, 500, to 86400000.",
      "jitter of the policy retry is 2. It takes a number from 0 to 1.",
      "windowMs of the policy retry is Infinity. It takes a number from 1 to 86400000.",
      "ms of the policy timeout is -1. It takes a number from 1 to 86400000.",
      "concurrent of the policy bulkhead is 0. It takes a whole number from 1 to 10000.",
      "waiting of the policy bulkhead is -1. It takes a whole number from 0 to 10000.",
    ]);
  });

  it("tells once of a policy that is given more than once", () => {
    expect(checkPolicies([timeout(1), timeout(2), timeout(3), retry()], { repeatable: true })).toEqual([
      { kind: "policy-given-twice", policy: "timeout" },
    ]);
  });

  it("refuses to repeat what is not safe to repeat", () => {
    expect(checkPolicies([retry()], { repeatable: false })).toEqual([{ kind: "retry-not-repeatable" }]);
    expect(checkPolicies([retry({ attempts: 1 })], { repeatable: false })).toEqual([]);
  });

  it("refuses a breaker that has a window, and would never open", () => {
    // What the types refuse may still come from an untyped caller.
    const spec = circuitBreaker({ window: 5 } as unknown as { readonly consecutive: number });
    expect(checkPolicies([spec], { repeatable: true })).toEqual([{ kind: "breaker-never-opens" }]);
    const options = { window: 5, slowRate: 0.5 } as unknown as { readonly consecutive: number };
    expect(faultsOf([circuitBreaker(options)])).toEqual([
      "slowMs of the policy circuit-breaker is undefined. It takes a number from 1 to 86400000.",
    ]);
  });

  it("says what to do", () => {
    expect(faultsOf([retry(), retry()], false)).toEqual([
      "A retry would repeat a call that is not safe to repeat. Declare the call idempotent or keyed if it is, or remove the retry.",
      "The policy retry is given more than once. Keep one of them.",
      "A retry would repeat a call that is not safe to repeat. Declare the call idempotent or keyed if it is, or remove the retry.",
    ]);
  });
});
