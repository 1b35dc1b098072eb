import type { RunManifest } from "@refold/core";
import { fromJson, type Topology } from "@refold/topology";

import { partialReads } from "../definition/describe-run.ts";
import type { FlowDefinition } from "../definition/flow-definition.ts";
import { versionProblem } from "./recorded-types.ts";

/**
 * How a flow differs from the one that a run recorded, in sentences. A replay needs the same stages with the same inputs and
 * event types, whatever their handlers do now.
 */
export function flowDifferences(manifest: RunManifest, definition: FlowDefinition): readonly string[] {
  const recorded = fromJson(manifest.topology, "structural");
  if (recorded.isErr()) return ["The recorded topology cannot be read."];
  const found = [...stageDifferences(recorded.value, definition.topology), ...typeDifferences(manifest, definition)];
  // Where stages or types differ, so does what is read of them.
  return found.length > 0 ? found : readDifferences(manifest, definition);
}

function stageDifferences(recorded: Topology, now: Topology): readonly string[] {
  const found: string[] = [];
  for (const { name, kind } of recorded.stages) {
    const stage = now.stage(name);
    if (stage === undefined) found.push(`Stage "${name}" is on record, but no longer in the flow.`);
    else if (stage.kind !== kind) found.push(`Stage "${name}" is on record as ${kind}, but is now ${stage.kind}.`);
    else {
      const then = inputsText(recorded, name);
      const inputs = inputsText(now, name);
      if (then !== inputs) found.push(`Stage "${name}" read from ${then || "nothing"}, but now reads from ${inputs}.`);
    }
  }
  for (const { name } of now.stages) {
    if (!recorded.has(name)) found.push(`Stage "${name}" is in the flow, but not on record.`);
  }
  return found;
}

/** A stage has to take what it took: its recorded inputs make no sense to a reader of something else. */
function readDifferences(manifest: RunManifest, definition: FlowDefinition): readonly string[] {
  const now = partialReads(definition).map(({ reader, from, types, errors }) =>
    readText(
      [definition.stages[reader - 1]?.name, definition.stages[from - 1]?.name],
      types?.map((type) => definition.types[type]?.name),
      errors,
    ),
  );
  const then = (manifest.reads ?? []).map(({ reader, from, types, errors }) =>
    readText(
      [manifest.lanes[reader], manifest.lanes[from]],
      types?.map((type) => manifest.types[type]?.name),
      errors,
    ),
  );
  return [
    ...then.filter((text) => !now.includes(text)).map((text) => `${text}, but no longer does.`),
    ...now.filter((text) => !then.includes(text)).map((text) => `${text} now, but is not on record as doing so.`),
  ];
}

function readText(
  [reader, from]: readonly [reader: string | undefined, from: string | undefined],
  types: readonly (string | undefined)[] | undefined,
  errors: boolean,
): string {
  const what = [...(types ?? ["all outputs"]), ...(errors ? ["its errors"] : [])].sort().join(", ");
  return `Stage "${reader ?? "?"}" reads ${what} of "${from ?? "?"}"`;
}

/** What a stage reads, with the role that it has for a join. */
function inputsText(topology: Topology, stage: string): string {
  const inputs = topology.inputs(stage).map(({ from, role }) => (role === "reference" ? `${from} as reference` : from));
  return inputs.sort().join(", ");
}

function typeDifferences(manifest: RunManifest, { types }: FlowDefinition): readonly string[] {
  const found: string[] = [];
  for (const { name, version } of manifest.types) {
    const type = types.find((known) => known.name === name);
    if (type === undefined) found.push(`Event type "${name}" is on record, but no longer in the flow.`);
    else {
      const problem = versionProblem(type, version);
      if (problem !== undefined) found.push(problem);
    }
  }
  for (const { name } of types) {
    if (!manifest.types.some((known) => known.name === name)) {
      found.push(`Event type "${name}" is in the flow, but not on record.`);
    }
  }
  return found;
}
