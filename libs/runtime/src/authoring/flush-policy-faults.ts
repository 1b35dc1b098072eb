import type { FlushPolicy } from "@refold/core";

import type { FlowFault } from "../definition/flow-fault.ts";

/** The longest that a timer can be set for. */
const MAX_MS = 2_147_483_647;

/** What is wrong with when a sink is to flush. */
export function flushPolicyFaults(stage: string, { everyItems, everyMs }: FlushPolicy): readonly FlowFault[] {
  const faults: FlowFault[] = [];
  const bad = (what: string, found: unknown): void => {
    faults.push({ kind: "bad-flush-policy", stage, what, found });
  };
  if (everyItems !== undefined && !(Number.isSafeInteger(everyItems) && everyItems > 0)) bad("everyItems", everyItems);
  if (everyMs !== undefined && !(Number.isFinite(everyMs) && everyMs > 0 && everyMs <= MAX_MS)) bad("everyMs", everyMs);
  return faults;
}
