import type { EdgeEnds } from "./edge.ts";
import type { TopologyFault } from "./fault.ts";
import { MAX_NAME_LENGTH, type NameProblem, RESERVED_STAGE_NAME } from "./stage-name.ts";

/** Says in full sentences what is wrong and what to do. */
export function explainTopologyFault(fault: TopologyFault): string {
  switch (fault.kind) {
    case "malformed-flow-name":
      return `The flow name ${quoted(fault.name)} ${nameProblem(fault.problem)}`;
    case "malformed-stage-name":
      return `The stage name ${quoted(fault.stage)} (stage ${fault.index + 1} in the order declared) ${nameProblem(fault.problem)}`;
    case "duplicate-stage":
      return `There is already a stage named ${quoted(fault.stage)} when stage ${fault.index + 1} takes that name. Give one of them another name.`;
    case "unknown-stage":
      return (
        `The edge ${arrow(fault.edge)} names ${quoted(fault.stage)}, which is not a stage of this flow. ` +
        (fault.nearest === undefined
          ? "Declare that stage, or correct the edge."
          : `Did you mean ${quoted(fault.nearest)}?`)
      );
    case "duplicate-edge":
      return (
        `The edge ${arrow(fault.edge)} is declared more than once. Remove the second one; ` +
        "to feed a stage twice from the same stage, as when joining it with itself, put a transform in between."
      );
    case "self-edge":
      return `The stage ${quoted(fault.stage)} is connected to itself by a forward edge. Make it a backward edge if a cycle is meant; otherwise remove it.`;
    case "too-large":
      return `The topology has ${fault.count} ${fault.what}, and the limit is ${fault.limit}. Split it into several flows.`;
    case "empty-flow":
      return "The flow has no stages. Declare at least a source and a sink.";
    case "no-source":
      return "The flow has no source, so nothing can ever enter it. Declare a stage of kind source.";
    case "source-with-input":
      return `The source ${quoted(fault.stage)} has input from ${listed(fault.from)}, but a source only gives. Remove the input, or make the stage a transform.`;
    case "terminal-with-output":
      return `The ${fault.stageKind} ${quoted(fault.stage)} feeds ${listed(fault.to)}, but the flow ends in it. Connect ${listed(fault.to)} to the stage before it.`;
    case "no-input":
      return `The ${fault.stageKind} ${quoted(fault.stage)} has no input, so it would never run. Connect a stage to it, or remove it.`;
    case "join-with-one-input":
      return `The join ${quoted(fault.stage)} has ${quoted(fault.from)} as its only input, and a join needs a stream and a reference. Connect the other one.`;
    case "join-without-role":
      return `All inputs of the join ${quoted(fault.stage)} are its ${fault.missing === "stream" ? "reference" : "stream"}, and it needs a ${fault.missing} too. Give one of its edges the role ${quoted(fault.missing)}.`;
    case "role-outside-join":
      return `The edge ${arrow(fault.edge)} has a role, but ${quoted(fault.edge.to)} is a ${fault.stageKind}, and only the inputs of a join have roles. Remove the role, or make the stage a join.`;
    case "unreachable-stage":
      return `No source leads to the stage ${quoted(fault.stage)}, so it would never see any data. Connect a stage before it to a source, or remove it.`;
    case "dead-end":
      return `The stage ${quoted(fault.stage)} leads to no sink, so its data is lost. Connect it, or what follows it, to one; an observer only looks on.`;
    case "forward-cycle":
      return `The forward edges ${circle(fault.members)} run in a circle. Make the edge that leads back a backward edge, or remove it.`;
    case "cycle-through":
      return `The ${fault.stageKind} ${quoted(fault.stage)} is part of the cycle of ${listed(fault.members)}, and only transforms may be. Move it out of the cycle.`;
    case "cycle-entries":
      return `The cycle of ${listed(fault.members)} is entered at ${listed(fault.entries)}, and only one stage may be its entry. Merge the inputs before one of them.`;
    case "fed-only-backward":
      return `The stage ${quoted(fault.stage)}, in the cycle of ${listed(fault.members)}, is fed by backward edges alone. Make the edge that first leads to it a forward edge, and the one that returns to the entry a backward edge.`;
    case "backward-without-cycle":
      return `The backward edge ${arrow(fault.edge)} closes no cycle, because nothing leads from ${quoted(fault.edge.to)} to ${quoted(fault.edge.from)}. Make it a forward edge.`;
    case "malformed-value":
      return `${fault.path === "" ? "The topology" : `The topology's ${fault.path}`} should be ${fault.expected}, but is ${fault.found}. Correct it there.`;
    case "unsupported-version":
      return `The topology was written in version ${fault.found} of its format, and this program reads version ${fault.supported} at the most. Use a later program.`;
    case "fingerprint-mismatch":
      return `The topology says that its fingerprint is ${fault.expected}, but it is ${fault.actual}. If the change was meant, remove the field fingerprint; otherwise get an unchanged copy.`;
    default:
      return fault satisfies never;
  }
}

function nameProblem(problem: NameProblem): string {
  switch (problem) {
    case "empty":
      return "is empty. Give it a name.";
    case "too-long":
      return `has more than ${MAX_NAME_LENGTH} characters. Shorten it.`;
    case "leading-dot":
      return "starts with a dot. Remove the dot.";
    case "bad-character":
      return "has characters other than ASCII letters, digits, hyphens, underscores and dots. Replace them.";
    case "reserved":
      return `is taken: ${quoted(RESERVED_STAGE_NAME)} is the lane of the system itself. Choose another one.`;
    default:
      return problem satisfies never;
  }
}

const SHOWN_NAMES = 12;

function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name);
}

function arrow({ from, to }: EdgeEnds): string {
  return `${quoted(from)} → ${quoted(to)}`;
}

function circle(members: readonly string[]): string {
  const shown = members.slice(0, SHOWN_NAMES).map(quoted);
  const gap = members.length > SHOWN_NAMES ? [`(${members.length - SHOWN_NAMES} more)`] : [];
  return [...shown, ...gap, ...shown.slice(0, 1)].join(" → ");
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map(quoted);
  const rest = names.length - shown.length;
  const items = rest > 0 ? [...shown, `${rest} more`] : shown;
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
