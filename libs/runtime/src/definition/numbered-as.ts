import type { LaneId, RunManifest, TypeId } from "@refold/core";

import type { FlowDefinition, InputDefinition, StageDefinition } from "./flow-definition.ts";

/**
 * A definition with the lanes and types numbered as a run has them, whatever the order in which the flow declares them now.
 * The flow has to have the same stages and types as the run.
 */
export function numberedAs(definition: FlowDefinition, { lanes, types }: RunManifest): FlowDefinition {
  const laneOf = (lane: LaneId): LaneId => lanes.indexOf(definition.stages[lane - 1]?.name ?? "") as LaneId;
  const typeOf = (type: TypeId): TypeId =>
    types.findIndex(({ name }) => name === definition.types[type]?.name) as TypeId;
  const input = (one: InputDefinition): InputDefinition => ({
    ...one,
    from: laneOf(one.from),
    takes: { ...one.takes, types: one.takes.types?.map(typeOf) },
  });
  const numbered = (stage: StageDefinition): StageDefinition => {
    const lane = laneOf(stage.lane);
    switch (stage.kind) {
      case "source":
        return { ...stage, lane, type: typeOf(stage.type) };
      case "sink":
      case "observer":
        return { ...stage, lane, inputs: stage.inputs.map(input) };
      case "transform":
      case "stateful":
      case "join":
      case "effectful":
        return { ...stage, lane, inputs: stage.inputs.map(input), types: stage.types.map(typeOf) };
    }
  };
  return {
    ...definition,
    stages: definition.stages.map(numbered).sort((a, b) => a.lane - b.lane),
    types: types
      .map(({ name }) => definition.types.find((type) => type.name === name))
      .filter((type) => type !== undefined),
  };
}
