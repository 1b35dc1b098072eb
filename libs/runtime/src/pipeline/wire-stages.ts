import type { Clock, LaneId, RunLog } from "@refold/core";

import type { FlowDefinition, StageDefinition } from "../definition/flow-definition.ts";
import { Edge } from "../edge/edge.ts";
import { InputSet } from "../edge/input-set.ts";
import { PureStage } from "../stage/pure-stage.ts";
import { SinkStage } from "../stage/sink-stage.ts";
import { SourceStage } from "../stage/source-stage.ts";
import { StageContext } from "../stage/stage-context.ts";
import { LaneWriter } from "../supervision/lane-writer.ts";
import type { Turns } from "../supervision/turns.ts";
import { Wake } from "../supervision/wake.ts";
import { StageTask, type AnyStage } from "./stage-task.ts";

/** The stages of a run and the lanes that they write, in the order declared. */
export interface WiredStages {
  readonly tasks: readonly StageTask[];
  readonly writers: readonly LaneWriter[];
}

/** Makes the stages of a definition and the edges between them. */
export function wireStages(definition: FlowDefinition, log: RunLog, clock: Clock, turns: Turns): WiredStages {
  const { stages } = definition;
  const wakes = stages.map(() => new Wake());
  const wakeOf = (lane: LaneId): Wake => wakes[lane - 1] as Wake;
  const inputs = stages.map((stage) =>
    stage.kind === "source"
      ? []
      : stage.upstream.map((from) => new Edge({ from, producer: wakeOf(from), consumer: wakeOf(stage.lane) })),
  );
  const edges = inputs.flat();
  const writers = stages.map(({ lane }) => new LaneWriter(log, lane));
  const tasks = stages.map((stage, index) => {
    const { name, lane } = stage;
    const context = new StageContext({
      name,
      log,
      clock,
      writer: writers[index] as LaneWriter,
      wake: wakeOf(lane),
      outputs: edges.filter((edge) => edge.from === lane),
    });
    const made = makeStage(stage, context, new InputSet(inputs[index] ?? []));
    return new StageTask({ stage: made, context, isSource: stage.kind === "source", turns });
  });
  return { tasks, writers };
}

function makeStage(stage: StageDefinition, context: StageContext, inputs: InputSet): AnyStage {
  switch (stage.kind) {
    case "source":
      return erased(new SourceStage(stage, context));
    case "transform":
    case "stateful":
      return erased(new PureStage(stage, context, inputs));
    case "sink":
      return erased(new SinkStage(stage, context, inputs));
  }
}

/** A stage is handed only states of its own machine and commands that every kind understands. */
function erased(stage: SourceStage | PureStage | SinkStage): AnyStage {
  return stage as unknown as AnyStage;
}
