import type { LaneId, RunManifest, TypeId } from "@refold/core";

import type { FlowDefinition, InputDefinition } from "../definition/flow-definition.ts";

/** Lanes and types are numbered by the recorded manifest, which may list them in another order than the flow does now. */
export class RecordedNumbers {
  readonly #manifest: RunManifest;
  readonly #definition: FlowDefinition;

  constructor(manifest: RunManifest, definition: FlowDefinition) {
    this.#manifest = manifest;
    this.#definition = definition;
  }

  lane(stage: string): LaneId {
    return this.#manifest.lanes.indexOf(stage) as LaneId;
  }

  input(input: InputDefinition): InputDefinition {
    const { from, takes } = input;
    const writer = this.#definition.stages[from - 1]?.name ?? "";
    const types = takes.types?.map((type) => this.type(type));
    return { ...input, from: this.lane(writer), takes: { ...takes, types } };
  }

  type(type: TypeId): TypeId {
    const name = this.#definition.types[type]?.name;
    return this.#manifest.types.findIndex((known) => known.name === name) as TypeId;
  }
}
