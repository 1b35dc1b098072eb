import type { BuildFault } from "./build-fault.ts";
import type { InterpreterFault } from "./interpreter-fault.ts";

const quoted = (name: string): string => JSON.stringify(name);
const listed = (names: readonly string[]): string => names.map(quoted).join(", ");
const owner = (state: string | undefined): string => (state === undefined ? "A wildcard" : `State ${quoted(state)}`);

/** A fault in one sentence, for people. */
export function explain(fault: BuildFault | InterpreterFault): string {
  if (!("machine" in fault)) return explainBuild(fault);
  return `Machine ${quoted(fault.machine)}, state ${kindOf(fault.state)}, event ${kindOf(fault.event)}: ${explainAtWork(fault)}`;
}

function explainBuild(fault: BuildFault): string {
  switch (fault.kind) {
    case "duplicate-state":
      return `State ${quoted(fault.state)} is described more than once.`;
    case "duplicate-handler":
      return `State ${quoted(fault.state)} answers event ${quoted(fault.event)} more than once.`;
    case "duplicate-wildcard":
      return `Event ${quoted(fault.event)} is answered by more than one wildcard.`;
    case "duplicate-hook":
      return `State ${quoted(fault.state)} has more than one ${fault.hook} hook.`;
    case "duplicate-timeout":
      return `State ${quoted(fault.state)} has more than one timeout.`;
    case "unknown-target":
      return `${owner(fault.state)} moves on event ${quoted(fault.event)} to ${quoted(fault.target)}, which is not described.`;
    case "unclear-target":
      return fault.targets.length === 0
        ? `${owner(fault.state)} moves on event ${quoted(fault.event)} but names no target.`
        : `${owner(fault.state)} has no handler to choose, on event ${quoted(fault.event)}, among ${listed(fault.targets)}.`;
    case "unknown-initial":
      return `The initial state ${quoted(fault.state)} is not described.`;
    case "initial-stuck":
      return `No event leads out of the initial state ${quoted(fault.state)}.`;
    case "unreachable-state":
      return `State ${quoted(fault.state)} cannot be reached.`;
    case "stuck-state":
      return `State ${quoted(fault.state)} can neither move nor end: no event leads to another state, and it is not final.`;
    case "final-not-final":
      return `State ${quoted(fault.state)} is final: it may have an entry hook and ignore events, nothing else.`;
    case "invalid-timeout":
      return `The timeout of state ${quoted(fault.state)} is ${String(fault.afterMs)}; it must be a positive, finite number of milliseconds.`;
    case "timeout-unhandled":
      return `The timeout of state ${quoted(fault.state)} sends event ${quoted(fault.event)}, which that state does not handle.`;
  }
}

function explainAtWork(fault: InterpreterFault): string {
  switch (fault.kind) {
    case "unhandled-event":
      return "the event has no answer in this state.";
    case "unknown-state":
      return "the machine has no such state.";
    case "handler-threw":
      return `the handler threw: ${String(fault.cause)}`;
    case "hook-threw":
      return `the ${fault.hook} hook of state ${quoted(fault.of)} threw: ${String(fault.cause)}`;
    case "undeclared-target":
      return `the handler returned state ${quoted(String(fault.returned))} but declared ${listed(fault.declared)}.`;
    case "action-threw":
      return `an action threw: ${String(fault.cause)}`;
    case "watcher-threw":
      return `a watcher threw: ${String(fault.cause)}`;
    case "queue-limit":
      return `more than ${fault.limit} events were queued while one was being taken.`;
    case "stopped":
      return "the interpreter has been stopped.";
  }
}

/** The kind of a value that may, in a fault, be no state or event at all. */
function kindOf(value: { readonly kind: string } | null | undefined): string {
  return quoted(String(value?.kind));
}
