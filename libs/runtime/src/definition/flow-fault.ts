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
  /** A stage feeds two inputs of a join. */
  | { readonly kind: "joined-with-itself"; readonly stage: string; readonly from: string }
  /** A join that reads its references first would wait for what it holds back, by itself or together with others. */
  | {
      readonly kind: "join-waits-for-itself";
      readonly stage: string;
      readonly source: string;
      readonly others: readonly string[];
    }
  | { readonly kind: "open-feedback"; readonly readers: readonly string[] }
  | { readonly kind: "bad-flush-policy"; readonly stage: string; readonly what: string; readonly found: unknown }
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
    case "joined-with-itself":
      return `Join "${fault.stage}" reads "${fault.from}" as two of its inputs. Put a map in between, or read the source twice.`;
    case "join-waits-for-itself":
      return `Join "${fault.stage}" ${explainWait(fault)} Read its references with \`read: "live"\`, or have a source of its own for each side.`;
    case "open-feedback":
      return `A feedback that ${fault.readers.map((reader) => `"${reader}"`).join(", ") || "no stage"} reads is fed by nothing. Connect it to a stream of the cycle, or remove it.`;
    case "bad-flush-policy":
      return `Stage "${fault.stage}": \`${fault.what}\` of its flush policy must be a ${fault.what === "everyMs" ? "number of milliseconds above 0, and at most 2,147,483,647" : "whole number from 1"}, but is ${String(fault.found)}.`;
    case "builder-threw":
      return `The flow's build function threw: ${fault.message}`;
  }
}

function explainWait({ source, others }: Extract<FlowFault, { kind: "join-waits-for-itself" }>): string {
  if (others.length === 0) {
    return `reads its references to their end first, and source "${source}" is behind them as well as behind its stream: it would hold back what it waits for.`;
  }
  const joins = others.map((other) => `"${other}"`).join(" and ");
  return `holds back source "${source}" until its references have ended, and ${joins} would hold these back until that source has ended.`;
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
