import type { Logger } from "@refold/core";

import type { EffectfulDefinition, ReaderDefinition, StageDefinition } from "../definition/flow-definition.ts";
import { InputSet } from "../edge/input-set.ts";
import type { Edge } from "../edge/edge.ts";
import type { Loop } from "../edge/loop.ts";
import { InputHandling } from "../effect/input-handling.ts";
import { LiveEffects } from "../effect/live-effects.ts";
import { RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import type { SourceLatency } from "../metrics/source-latency.ts";
import type { RecoveredLane } from "../replay/recovered-lane.ts";
import { AheadInputs } from "../stage/ahead-inputs.ts";
import { ObserverStage } from "../stage/observer-stage.ts";
import { PureStage } from "../stage/pure-stage.ts";
import { SinkStage } from "../stage/sink-stage.ts";
import { SourceStage } from "../stage/source-stage.ts";
import type { StageContext } from "../stage/stage-context.ts";
import { StageFailure, thrownFault } from "../stage/stage-fault.ts";
import type { AnyStage } from "./stage-task.ts";

/** What a stage is made with. */
export interface StageParts {
  readonly context: StageContext;
  /** The edges that it reads. */
  readonly edges: readonly Edge[];
  /** Given for the stage at which a cycle is entered. */
  readonly loop: Loop | undefined;
  readonly latency: SourceLatency;
  readonly logger: Logger | undefined;
  /** Of a run that is gone on with: what the stage's lane has come to. */
  readonly recovered: RecoveredLane | undefined;
  /** Whether calls are made again that have failed on record, where a handler ends on that. */
  readonly retryFailed: boolean;
}

/** Makes the supervisor of a stage. */
export function makeStage(stage: StageDefinition, parts: StageParts): AnyStage {
  const { context, latency, recovered } = parts;
  if (stage.kind === "source") return erased(new SourceStage(stage, context, latency, recovered?.place));
  const orderBy = orderOf(stage);
  const hydrates = stage.kind === "join" && stage.hydrates;
  const inputs = new InputSet(parts.edges, { loop: parts.loop, orderBy, hydrates });
  switch (stage.kind) {
    case "transform":
    case "stateful":
    case "join": {
      const program = stage.program(stage.inputs);
      return erased(new PureStage({ definition: stage, context, inputs, program, recovered: recovered?.program }));
    }
    case "effectful":
      return erased(effectfulStage(stage, inputs, parts));
    case "sink":
      return erased(new SinkStage(stage, context, inputs, latency, recovered?.delivery));
    case "observer":
      return erased(new ObserverStage(stage, context, inputs, parts.logger));
  }
}

function effectfulStage(
  definition: EffectfulDefinition,
  inputs: InputSet,
  { context, recovered, retryFailed }: StageParts,
): PureStage {
  const outcomes = recovered?.calls?.outcomes ?? new RecordedOutcomes(context.clock);
  const effects = new LiveEffects({
    context,
    hasState: definition.handling.initial !== undefined,
    outcomes,
    position: () => inputs.position,
    retryFailed,
  });
  const place = { stage: definition.name, rootRunId: context.manifest.rootRunId, clock: context.clock };
  const program = recovered?.calls?.handling ?? new InputHandling(definition.handling, effects, place);
  program.performer = effects;
  const ahead = new AheadInputs({
    inputs,
    concurrency: definition.handling.concurrency,
    handle: (input) => program.handle(input),
    isRefused: (lane, record) => context.refusesSchema(lane, record),
    wake: context.wake,
    hold: definition.handling.initial === undefined ? undefined : context.hold,
  });
  const release = (): Promise<void> => context.outside.last(() => effects.close());
  return new PureStage({ definition, context, inputs: ahead, program, recovered: recovered?.program, release });
}

/** What the author's function throws is a fault of the stage that reads; so is a time that is none. */
function orderOf({ name, orderBy }: ReaderDefinition): ((payload: unknown) => number) | undefined {
  if (orderBy === undefined) return undefined;
  return (payload) => {
    try {
      const eventTimeMs = orderBy(payload);
      if (Number.isFinite(eventTimeMs)) return eventTimeMs;
      throw new TypeError(`an event time is ${String(eventTimeMs)}: it orders nothing`);
    } catch (cause) {
      throw new StageFailure(thrownFault("handler-threw", name, cause));
    }
  };
}

/** A stage is handed only states of its own machine and commands that every kind understands. */
function erased(stage: SourceStage | PureStage | SinkStage | ObserverStage): AnyStage {
  return stage as unknown as AnyStage;
}
