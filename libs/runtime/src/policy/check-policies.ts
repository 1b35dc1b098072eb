import type { PolicyFault } from "./policy-fault.ts";
import type { Backoff, BreakerTrip, PolicyName, PolicySpec } from "./policy-spec.ts";

const DAY_MS = 86_400_000;
/** About one a day. */
const LEAST_PER_SECOND = 0.000_01;
const LEAST_COST = 0.001;
const MOST_TOKENS = 1_000_000;
const MOST_CALLS = 10_000;

/** What a number may be; both limits are allowed. */
interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly whole?: true;
  /** The lower limit itself is not allowed. */
  readonly above?: true;
  /** What is allowed, where more is to be said than the limits. */
  readonly text?: string;
}

type Option = readonly [option: string, given: unknown, rule: NumberRule];

const DURATION: NumberRule = { min: 1, max: DAY_MS };
const DELAY: NumberRule = { min: 0, max: DAY_MS };
const SHARE: NumberRule = { min: 0, max: 1, above: true };

/** What is wrong with the policies of a stage. `repeatable` says whether its calls are safe to repeat. */
export function checkPolicies(
  specs: readonly PolicySpec[],
  { repeatable }: { readonly repeatable: boolean },
): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const given = new Map<PolicyName, number>();
  for (const spec of specs) {
    const times = (given.get(spec.policy) ?? 0) + 1;
    given.set(spec.policy, times);
    if (times === 2) faults.push({ kind: "policy-given-twice", policy: spec.policy });
    for (const [option, value, rule] of optionsOf(spec)) {
      if (fits(value, rule)) continue;
      const allowed = allowedText(rule);
      faults.push({ kind: "bad-policy-number", policy: spec.policy, option, given: String(value), allowed });
    }
    if (spec.policy === "circuit-breaker" && neverOpens(spec.trip)) faults.push({ kind: "breaker-never-opens" });
    if (spec.policy === "retry" && spec.attempts !== 1 && !repeatable) faults.push({ kind: "retry-not-repeatable" });
  }
  return faults;
}

function neverOpens(trip: BreakerTrip): boolean {
  return trip.kind === "window" && trip.failureRate === undefined && trip.slow === undefined;
}

function optionsOf(spec: PolicySpec): readonly Option[] {
  switch (spec.policy) {
    case "rate-limit": {
      const { perSecond, burst, cost } = spec;
      return [
        ["perSecond", perSecond, { min: LEAST_PER_SECOND, max: MOST_TOKENS }],
        ["cost", cost, { min: LEAST_COST, max: MOST_TOKENS }],
        ["burst", burst, burstRule(cost)],
      ];
    }
    case "circuit-breaker":
      return [
        ...tripOptions(spec.trip),
        ["openMs", spec.openMs, DURATION],
        ["probes", spec.probes, { min: 1, max: MOST_CALLS, whole: true }],
      ];
    case "retry":
      return [
        ["attempts", spec.attempts, { min: 1, max: 100, whole: true }],
        ...backoffOptions(spec.backoff),
        ["jitter", spec.jitter, { min: 0, max: 1 }],
        ["windowMs", spec.windowMs, DURATION],
      ];
    case "timeout":
      return [["ms", spec.ms, DURATION]];
    case "bulkhead":
      return [
        ["concurrent", spec.concurrent, { min: 1, max: MOST_CALLS, whole: true }],
        ["waiting", spec.waiting, { min: 0, max: MOST_CALLS, whole: true }],
      ];
  }
}

/** A burst below the cost would let nothing through, ever. */
function burstRule(cost: number): NumberRule {
  return { min: cost, max: MOST_TOKENS, text: `a number from its cost, ${cost}, to ${MOST_TOKENS}` };
}

function tripOptions(trip: BreakerTrip): readonly Option[] {
  if (trip.kind === "consecutive") {
    return [["consecutive", trip.failures, { min: 1, max: MOST_CALLS, whole: true }]];
  }
  const { calls, minimumCalls, failureRate, slow } = trip;
  return [
    ["window", calls, { min: 1, max: MOST_CALLS, whole: true }],
    [
      "minimumCalls",
      minimumCalls,
      { min: 1, max: calls, whole: true, text: `a whole number from 1 to its window, ${calls}` },
    ],
    ...(failureRate === undefined ? [] : [["failureRate", failureRate, SHARE] as const]),
    ...(slow === undefined ? [] : ([["slowRate", slow.rate, SHARE] as const, ["slowMs", slow.ms, DURATION]] as const)),
  ];
}

function backoffOptions(backoff: Backoff): readonly Option[] {
  if (backoff.kind === "fixed") return [["delayMs", backoff.delayMs, DELAY]];
  const { firstMs, factor, maxMs } = backoff;
  return [
    ["firstMs", firstMs, DELAY],
    ["factor", factor, { min: 1, max: 100 }],
    ["maxMs", maxMs, { min: firstMs, max: DAY_MS, text: `a number from its firstMs, ${firstMs}, to ${DAY_MS}` }],
  ];
}

function fits(given: unknown, { min, max, whole, above }: NumberRule): boolean {
  if (typeof given !== "number" || !(given >= min && given <= max)) return false;
  return !(above === true && given === min) && !(whole === true && !Number.isInteger(given));
}

function allowedText({ min, max, whole, above, text }: NumberRule): string {
  if (text !== undefined) return text;
  const noun = whole === true ? "a whole number" : "a number";
  return above === true ? `${noun} above ${min}, up to ${max}` : `${noun} from ${min} to ${max}`;
}
