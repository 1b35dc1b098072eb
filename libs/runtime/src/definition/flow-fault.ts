import type { EventTypeFault } from "@refold/core";
import { explainTopologyFault, type TopologyFault } from "@refold/topology";

/** Why a flow cannot be built. All that is wrong is told at once. */
export type FlowFault =
  | { readonly kind: "topology"; readonly fault: TopologyFault }
  | { readonly kind: "event-type"; readonly stage: string; readonly fault: EventTypeFault }
  | { readonly kind: "type-in-two-versions"; readonly type: string; readonly versions: readonly number[] }
  | { readonly kind: "type-declared-twice"; readonly type: string }
  | { readonly kind: "not-a-function"; readonly stage: string; readonly what: string; readonly found: string }
  | { readonly kind: "bad-option"; readonly stage: string; readonly problem: string }
  | { readonly kind: "foreign-stream"; readonly stage: string }
  | { readonly kind: "order-lost"; readonly stages: readonly string[] }
  | { readonly kind: "open-feedback"; readonly readers: readonly string[] }
  | { readonly kind: "builder-threw"; readonly message: string };

/** What is wrong, and what to do. */
export function explainFlowFault(fault: FlowFault): string {
  switch (fault.kind) {
    case "topology":
      return explainTopologyFault(fault.fault);
    case "event-type":
      return `Stage "${fault.stage}" declares an event type that cannot be used: ${explainType(fault.fault)}`;
    case "type-in-two-versions":
      return `Event type "${fault.type}" is declared in versions ${fault.versions.join(" and ")}. A flow writes one version of a type: declare it once and share it.`;
    case "type-declared-twice":
      return `Event type "${fault.type}" is declared in two ways, or is also the name of a stage without a type of its own. Declare it once and share it, or rename one of them.`;
    case "not-a-function":
      return `Stage "${fault.stage}": ${fault.what} must be a function, but is ${fault.found}.`;
    case "bad-option":
      return `Stage "${fault.stage}": ${fault.problem}.`;
    case "foreign-stream":
      return `Stage "${fault.stage}" reads a stream of another flow. Use streams of the flow that is being built.`;
    case "order-lost":
      return `The streams of ${fault.stages.map((stage) => `"${stage}"`).join(", ")}, merged by event time, are merged again with others, which would lose their order. Merge all of them by event time at once, or put a stage between.`;
    case "open-feedback":
      return `A feedback that ${fault.readers.map((reader) => `"${reader}"`).join(", ") || "no stage"} reads is fed by nothing. Connect it to a stream of the cycle, or remove it.`;
    case "builder-threw":
      return `The flow's build function threw: ${fault.message}`;
  }
}

function explainType(fault: EventTypeFault): string {
  switch (fault.kind) {
    case "bad-type-name":
      return "its name is empty.";
    case "bad-type-version":
      return `version ${String(fault.version)} of "${fault.name}" is not a whole number from 1.`;
    case "bad-upcaster":
      return `"${fault.name}" of version ${String(fault.version)} has an upcaster from version ${String(fault.from)}, which does not come before it.`;
  }
}
