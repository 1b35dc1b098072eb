import { type Draft, draftOf } from "./draft.ts";
import type { Edge } from "./edge.ts";
import type { StructuralFault } from "./fault.ts";
import { nearestName } from "./nearest-name.ts";
import type { Stage } from "./stage.ts";
import { flowNameProblem, stageNameProblem } from "./stage-name.ts";

/** The most stages and edges that a topology may have. */
export const MAX_STAGES = 1_000_000;
export const MAX_EDGES = 4_000_000;

/** The unknown names that get a suggestion. Each costs a comparison with every stage, so their number is limited. */
const MAX_SUGGESTIONS = 20;

/** Checks the declarations themselves, and makes of them the graph that the deeper checks work on. */
export function structural(
  name: string,
  declaredStages: readonly Stage[],
  declaredEdges: readonly Edge[],
): { readonly faults: readonly StructuralFault[]; readonly draft: Draft } {
  const faults: StructuralFault[] = [];
  const problem = flowNameProblem(name);
  if (problem !== undefined) faults.push({ kind: "malformed-flow-name", name, problem });

  const stages = limited("stages", declaredStages, MAX_STAGES, faults);
  const edges = limited("edges", declaredEdges, MAX_EDGES, faults);
  const { kept, indexOf } = distinctStages(stages, faults);
  const { sound, dangling } = soundEdges(edges, indexOf, faults);
  return { faults, draft: draftOf(kept, indexOf, sound, dangling) };
}

function limited<T>(
  what: "stages" | "edges",
  declared: readonly T[],
  limit: number,
  faults: StructuralFault[],
): readonly T[] {
  if (declared.length <= limit) return declared;
  faults.push({ kind: "too-large", what, count: declared.length, limit });
  return declared.slice(0, limit);
}

function distinctStages(
  declared: readonly Stage[],
  faults: StructuralFault[],
): { readonly kept: readonly Stage[]; readonly indexOf: ReadonlyMap<string, number> } {
  const kept: Stage[] = [];
  const indexOf = new Map<string, number>();
  for (const [index, stage] of declared.entries()) {
    const problem = stageNameProblem(stage.name);
    if (problem !== undefined) faults.push({ kind: "malformed-stage-name", stage: stage.name, index, problem });
    if (indexOf.has(stage.name)) {
      faults.push({ kind: "duplicate-stage", stage: stage.name, index });
      continue;
    }
    indexOf.set(stage.name, kept.length);
    kept.push(stage);
  }
  return { kept, indexOf };
}

function soundEdges(
  declared: readonly Edge[],
  indexOf: ReadonlyMap<string, number>,
  faults: StructuralFault[],
): { readonly sound: readonly Edge[]; readonly dangling: Draft["dangling"] } {
  const sound: Edge[] = [];
  const inputs: Edge[] = [];
  const outputs: Edge[] = [];
  const suggestionFor = suggestions(indexOf);
  const seen = new Set<number>();
  for (const edge of declared) {
    const { from, to } = edge;
    const ends = { from, to };
    const fromIndex = indexOf.get(from);
    const toIndex = indexOf.get(to);
    if (fromIndex === undefined) faults.push(unknownStage(ends, "from", from, suggestionFor(from)));
    if (toIndex === undefined) faults.push(unknownStage(ends, "to", to, suggestionFor(to)));
    if (fromIndex === undefined || toIndex === undefined) {
      if (toIndex !== undefined) inputs.push(edge);
      if (fromIndex !== undefined) outputs.push(edge);
      continue;
    }
    // Below 2^53, because both factors are below the limit on stages.
    const identity = fromIndex * MAX_STAGES + toIndex;
    if (seen.has(identity)) {
      faults.push({ kind: "duplicate-edge", edge: ends });
      continue;
    }
    seen.add(identity);
    if (from === to && edge.kind === "forward") faults.push({ kind: "self-edge", stage: from });
    else sound.push(edge);
  }
  return { sound, dangling: { inputs, outputs } };
}

function unknownStage(
  edge: { readonly from: string; readonly to: string },
  end: "from" | "to",
  stage: string,
  nearest: string | undefined,
): StructuralFault {
  return { kind: "unknown-stage", edge, end, stage, ...(nearest === undefined ? {} : { nearest }) };
}

function suggestions(indexOf: ReadonlyMap<string, number>): (unknown: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (unknown) => {
    if (!known.has(unknown) && known.size < MAX_SUGGESTIONS) known.set(unknown, nearestName(unknown, indexOf.keys()));
    return known.get(unknown);
  };
}
