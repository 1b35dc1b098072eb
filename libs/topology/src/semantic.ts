import { at } from "./at.ts";
import type { Draft } from "./draft.ts";
import type { Edge } from "./edge.ts";
import type { SemanticFault } from "./fault.ts";
import { reachable } from "./reachability.ts";
import { isTerminal, type Stage } from "./stage.ts";

/**
 * Checks what the graph means: that data enters, passes only where it can, and arrives somewhere. Backward edges count
 * as the connections they are. A stage without input is reported as such and not as unreachable too, and where there is
 * no source at all nothing else is called unreachable.
 */
export function semantic(draft: Draft): readonly SemanticFault[] {
  const { stages } = draft;
  if (stages.length === 0) return [{ kind: "empty-flow" }];
  const faults: SemanticFault[] = [];
  const hasSource = stages.some(({ kind }) => kind === "source");
  if (!hasSource) faults.push({ kind: "no-source" });

  const inputs = grouped([...draft.edges, ...draft.dangling.inputs], ({ to }) => to);
  const outputs = grouped([...draft.edges, ...draft.dangling.outputs], ({ from }) => from);
  const fed = reachable(
    draft.graph,
    seeds(draft, ({ kind }) => kind === "source", "inputs"),
    "along",
  );
  const used = reachable(
    draft.graph,
    seeds(draft, ({ kind }) => kind === "sink", "outputs"),
    "against",
  );

  for (const [index, stage] of stages.entries()) {
    const stageInputs = inputs.get(stage.name) ?? [];
    faults.push(...connectionFaults(stage, stageInputs, outputs.get(stage.name) ?? []));
    if (hasSource && stageInputs.length > 0 && at(fed, index) === 0) {
      faults.push({ kind: "unreachable-stage", stage: stage.name });
    }
    // An observer is no end of the flow, and needs none: to be looked at is not to arrive.
    if (stage.kind !== "observer" && at(used, index) === 0) faults.push({ kind: "dead-end", stage: stage.name });
  }
  return faults;
}

function connectionFaults(
  { name, kind }: Stage,
  inputs: readonly Edge[],
  outputs: readonly Edge[],
): readonly SemanticFault[] {
  const faults: SemanticFault[] = [];
  const [first] = inputs;
  if (kind === "source") {
    if (first !== undefined)
      faults.push({ kind: "source-with-input", stage: name, from: inputs.map(({ from }) => from) });
  } else if (first === undefined) {
    faults.push({ kind: "no-input", stage: name, stageKind: kind });
  } else if (kind === "join") {
    faults.push(...joinFaults(name, first, inputs));
  }
  if (kind !== "join") {
    for (const { from, role } of inputs) {
      if (role !== undefined) faults.push({ kind: "role-outside-join", edge: { from, to: name }, stageKind: kind });
    }
  }
  if (isTerminal(kind) && outputs.length > 0) {
    faults.push({ kind: "terminal-with-output", stage: name, stageKind: kind, to: outputs.map(({ to }) => to) });
  }
  return faults;
}

function joinFaults(name: string, first: Edge, inputs: readonly Edge[]): readonly SemanticFault[] {
  if (inputs.length === 1) return [{ kind: "join-with-one-input", stage: name, from: first.from }];
  const references = inputs.filter(({ role }) => role === "reference").length;
  if (references === 0) return [{ kind: "join-without-role", stage: name, missing: "reference" }];
  if (references === inputs.length) return [{ kind: "join-without-role", stage: name, missing: "stream" }];
  return [];
}

/** The stages where reaching starts: those that `isSeed`, and those that a dangling edge connects to. */
function seeds(draft: Draft, isSeed: (stage: Stage) => boolean, side: "inputs" | "outputs"): number[] {
  const trusted = new Set(draft.dangling[side].map((edge) => (side === "inputs" ? edge.to : edge.from)));
  return [...draft.stages.entries()]
    .filter(([, stage]) => isSeed(stage) || trusted.has(stage.name))
    .map(([index]) => index);
}

function grouped(edges: readonly Edge[], key: (edge: Edge) => string): ReadonlyMap<string, readonly Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const group = groups.get(key(edge));
    if (group === undefined) groups.set(key(edge), [edge]);
    else group.push(edge);
  }
  return groups;
}
