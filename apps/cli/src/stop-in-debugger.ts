import type { ReachedInput } from "@refold/runtime";

/**
 * Where a debugger stops before a handler takes an input; `reached` shows which. A breakpoint in the handler, set now, is the next
 * stop.
 */
export function stopInDebugger(reached: ReachedInput): ReachedInput {
  debugger;
  return reached;
}
