import type { SourceExtent } from "@refold/core";

import type { FlowFault } from "../definition/flow-fault.ts";
import type { RetrySettings } from "../definition/retry-settings.ts";
import { Poll } from "./poll.ts";

/** What is wrong with what an author set for a source, in numbers and words. */
export function sourceOptionFaults(
  stage: string,
  {
    from,
    extent,
    retry,
    expected,
  }: {
    readonly from: unknown;
    readonly extent: SourceExtent;
    readonly retry: RetrySettings;
    readonly expected: number | undefined;
  },
): readonly FlowFault[] {
  const faults: FlowFault[] = [];
  const check = (option: string, found: unknown, isAllowed: boolean, allowed: string): void => {
    if (!isAllowed) {
      faults.push({ kind: "bad-option", stage, problem: `\`${option}\` must be ${allowed}, but is ${String(found)}` });
    }
  };
  const time = (option: string, ms: number): void =>
    check(option, ms, ms >= 0 && ms < Infinity, "0 or more, in milliseconds");
  check("extent", extent, extent === "finite" || extent === "infinite", '"finite" or "infinite"');
  const isCount = expected === undefined || (Number.isSafeInteger(expected) && expected >= 0);
  check("expected", expected, isCount, "a whole number from 0");
  const { attempts, firstMs, maxMs } = retry;
  check("retry.attempts", attempts, Number.isSafeInteger(attempts) && attempts >= 1, "a whole number from 1");
  time("retry.firstMs", firstMs);
  time("retry.maxMs", maxMs);
  if (from instanceof Poll) {
    time("everyMs", from.everyMs);
    if (typeof from.read !== "function") {
      faults.push({ kind: "not-a-function", stage, what: "what it polls", found: typeof from.read });
    }
  }
  return faults;
}
