import type { AbortControllerLike, Clock, DecodedFrame, LaneId, Logger, Position, RunLog } from "@refold/core";
import type { EdgeEnds } from "@refold/topology";

import {
  inputsOf,
  outputTypes,
  type EffectfulDefinition,
  type FlowDefinition,
  type ReaderDefinition,
  type StageDefinition,
} from "../definition/flow-definition.ts";
import type { CreditGate } from "../edge/credit-gate.ts";
import type { FlowControlSettings } from "../edge/credit-window.ts";
import { InputHandling } from "../effect/input-handling.ts";
import { LiveEffects } from "../effect/live-effects.ts";
import { RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import { Edge } from "../edge/edge.ts";
import { Loop } from "../edge/loop.ts";
import { InputSet } from "../edge/input-set.ts";
import { SourceLatency } from "../metrics/source-latency.ts";
import { AheadInputs } from "../stage/ahead-inputs.ts";
import { PureStage } from "../stage/pure-stage.ts";
import { DivergenceGuard } from "../stage/divergence-guard.ts";
import { SchemaCheck, type CheckedType } from "../stage/schema-check.ts";
import { ObserverStage } from "../stage/observer-stage.ts";
import { SinkStage } from "../stage/sink-stage.ts";
import { StageFailure, thrownFault } from "../stage/stage-fault.ts";
import { SourceStage } from "../stage/source-stage.ts";
import { StageContext } from "../stage/stage-context.ts";
import { StageCounters } from "../stage/stage-counters.ts";
import { loopEntry } from "../step/loop-entry.ts";
import { LaneWriter, type RecordedFrame } from "../supervision/lane-writer.ts";
import type { Turns } from "../supervision/turns.ts";
import { Wake } from "../supervision/wake.ts";
import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";
import { feedsSeveral } from "./feeds-several.ts";
import type { RecoveredLane } from "../replay/recovered-lane.ts";
import { StageTask, type AnyStage } from "./stage-task.ts";

/** The stages of a run, and what runs between them. */
export interface WiredStages {
  /** In the order declared. */
  readonly tasks: readonly StageTask[];
  readonly writers: readonly LaneWriter[];
  readonly edges: readonly Edge[];
  readonly latency: SourceLatency;
}

/** Makes the stages of a definition and the edges between them. */
export function wireStages(options: {
  readonly definition: FlowDefinition;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly abortController: () => AbortControllerLike;
  readonly turns: Turns;
  readonly settings: ResolvedConfiguration;
  readonly gates: readonly CreditGate[];
  readonly logger: Logger | undefined;
  /** Hears of each transition that is on record. */
  readonly moved: (frame: RecordedFrame) => void;
  /** Of a run that is gone on with: what its lanes have come to, by their ids. */
  readonly recovered?: readonly RecoveredLane[] | undefined;
}): WiredStages {
  const { definition, log, clock, abortController, turns, settings, gates, logger, moved, recovered } = options;
  const { stages } = definition;
  const wakes = stages.map(() => new Wake());
  const wakeOf = (lane: LaneId): Wake => wakes[lane - 1] as Wake;
  const nameOf = (lane: LaneId): string => stages[lane - 1]?.name ?? "";
  const inputs = stages.map((stage) =>
    inputsOf(stage).map(({ from, takes, reference, backward }) => {
      const ends = { from: nameOf(from), to: stage.name };
      return new Edge({
        from,
        to: stage.lane,
        takes,
        role: reference === undefined ? "stream" : "reference",
        producer: wakeOf(from),
        consumer: wakeOf(stage.lane),
        flowControl: flowControlOf(settings, ends, backward),
        gate: gates.find((gate) => gate.from === ends.from && gate.to === ends.to),
        clock,
      });
    }),
  );
  const edges = inputs.flat();
  for (const edge of edges) {
    const rest = recovered?.[edge.to]?.inputs.get(edge.from);
    if (rest !== undefined) edge.restore({ ...rest, frames: rest.frames.map(recordedFrame) });
  }
  const latency = new SourceLatency();
  const several = feedsSeveral(definition);
  const writers = stages.map(({ lane }) => new LaneWriter(log, lane, recovered?.[lane]));
  const tasks = stages.map((stage, index) => {
    const { name, lane } = stage;
    const outputs = edges.filter((edge) => edge.from === lane);
    // What an observer is set to does nothing to the run.
    const readers = outputs.flatMap(({ to }) => (stages[to - 1]?.kind === "observer" ? [] : [nameOf(to)]));
    const backward = new Set(inputsOf(stage).flatMap((input) => (input.backward ? [input.from] : [])));
    const cycle = new Set(backward.size > 0 ? definition.topology.cycleOf(name)?.members : []);
    const inCycle = edges.filter((edge) => cycle.has(nameOf(edge.from)) && cycle.has(nameOf(edge.to)));
    const loop = backward.size > 0 ? new Loop(inCycle, backward, wakeOf(lane)) : undefined;
    const context = new StageContext({
      name,
      log,
      clock,
      abortController,
      writer: writers[index] as LaneWriter,
      wake: wakeOf(lane),
      inputs: inputs[index] ?? [],
      outputs,
      feedsSeveral: several.has(name),
      counters: new StageCounters(),
      schemas: new SchemaCheck(checkedEdges(definition, settings, stage)),
      loop: loopEntry(settings, name, [...backward].map(nameOf), backward),
      divergence: divergenceGuard(settings, name, [...backward], nameOf),
      freeze: settings.flow("development.freeze"),
      stepInputs: settings.stage(name, stage.kind === "sink" ? "sink.batchInputs" : "stage.stepInputs"),
      contractMode: ({ contract, upstream }) =>
        contract === "source"
          ? strictest(readers.map((to) => settings.edge({ from: name, to }, "contracts.source")))
          : settings.edge({ from: nameOf(upstream), to: name }, `contracts.${contract}`),
    });
    const order = stage.kind === "source" ? {} : { loop, orderBy: orderOf(stage), hydrates: hydrates(stage) };
    const made = makeStage(stage, context, new InputSet(inputs[index] ?? [], order), {
      latency,
      logger,
      recovered: recovered?.[lane],
    });
    const done = recovered?.[lane]?.isDone === true ? recovered[lane].state : undefined;
    return new StageTask({ stage: made, context, kind: stage.kind, turns, logger, moved, done });
  });
  return { tasks, writers, edges, latency };
}

function hydrates(stage: StageDefinition): boolean {
  return stage.kind === "join" && stage.hydrates;
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

/** What is on record is safe. */
function recordedFrame(frame: DecodedFrame): RecordedFrame {
  return { ...frame, position: 0 as Position, bytes: frame.body.length };
}

function makeStage(
  stage: StageDefinition,
  context: StageContext,
  inputs: InputSet,
  {
    latency,
    logger,
    recovered,
  }: {
    readonly latency: SourceLatency;
    readonly logger: Logger | undefined;
    readonly recovered: RecoveredLane | undefined;
  },
): AnyStage {
  switch (stage.kind) {
    case "source":
      return erased(new SourceStage(stage, context, latency, recovered?.place));
    case "transform":
    case "stateful":
    case "join":
      return erased(
        new PureStage({
          definition: stage,
          context,
          inputs,
          program: stage.program(stage.inputs),
          recovered: recovered?.program,
        }),
      );
    case "effectful":
      return erased(effectfulStage(stage, context, inputs, recovered));
    case "sink":
      return erased(new SinkStage(stage, context, inputs, latency, recovered?.delivery));
    case "observer":
      return erased(new ObserverStage(stage, context, inputs, logger));
  }
}

function effectfulStage(
  definition: EffectfulDefinition,
  context: StageContext,
  inputs: InputSet,
  recovered: RecoveredLane | undefined,
): PureStage {
  const outcomes = recovered?.calls?.outcomes ?? new RecordedOutcomes(context.clock);
  const effects = new LiveEffects({
    context,
    hasState: definition.handling.initial !== undefined,
    outcomes,
    position: () => inputs.position,
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
  });
  const release = (): Promise<void> => context.outside.last(() => effects.close());
  return new PureStage({ definition, context, inputs: ahead, program, recovered: recovered?.program, release });
}

/**
 * The way back into a cycle is never held by its window: the stage that it leads to may itself wait for stages of the cycle,
 * and all would wait for one another. What enters the cycle is held instead, once its edges are half full.
 */
function flowControlOf(settings: ResolvedConfiguration, ends: EdgeEnds, backward: boolean): FlowControlSettings {
  return {
    mode: backward ? "track" : settings.edge(ends, "flowControl.mode"),
    windowRecords: settings.edge(ends, "flowControl.windowRecords"),
    windowBytes: settings.edge(ends, "flowControl.windowBytes"),
    stallTimeoutMs: settings.edge(ends, "flowControl.stallTimeoutMs"),
  };
}

/** The edges into a stage whose payloads are to be held against the schema of their type. */
function checkedEdges(
  { stages, types }: FlowDefinition,
  settings: ResolvedConfiguration,
  stage: StageDefinition,
): readonly CheckedType[] {
  if (stage.kind === "observer") return [];
  return inputsOf(stage).flatMap(({ from, takes }) => {
    const writer = stages[from - 1];
    if (writer === undefined || settings.edge({ from: writer.name, to: stage.name }, "contracts.schema") === "off") {
      return [];
    }
    return outputTypes(writer).flatMap((type) => {
      const schema = types[type]?.schema;
      const isTaken = takes.types?.includes(type) !== false;
      return schema === undefined || !isTaken ? [] : [{ from, type, schema }];
    });
  });
}

function divergenceGuard(
  settings: ResolvedConfiguration,
  to: string,
  [back]: readonly LaneId[],
  nameOf: (lane: LaneId) => string,
): DivergenceGuard | undefined {
  if (back === undefined) return undefined;
  const ends = { from: nameOf(back), to };
  if (settings.edge(ends, "contracts.divergence") === "off") return undefined;
  const limits = {
    signalsPerRecord: settings.edge(ends, "divergence.signalsPerRecord"),
    periodMs: settings.edge(ends, "divergence.periodMs"),
    idleSignals: settings.edge(ends, "divergence.idleSignals"),
  };
  return new DivergenceGuard(limits, back);
}

/** A source has one declared count for all its readers. */
function strictest(modes: readonly ("abort" | "warn" | "off")[]): "abort" | "warn" | "off" {
  return modes.includes("abort") ? "abort" : modes.includes("warn") ? "warn" : "off";
}

/** A stage is handed only states of its own machine and commands that every kind understands. */
function erased(stage: SourceStage | PureStage | SinkStage | ObserverStage): AnyStage {
  return stage as unknown as AnyStage;
}
