import type { AbortControllerLike, Clock, DecodedFrame, LaneId, Logger, Position, RunLog } from "@refold/core";

import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";
import { inputsOf, type FlowDefinition } from "../definition/flow-definition.ts";
import type { CreditGate } from "../edge/credit-gate.ts";
import { Edge } from "../edge/edge.ts";
import { Loop } from "../edge/loop.ts";
import { SourceLatency } from "../metrics/source-latency.ts";
import type { RecoveredLane } from "../replay/recovered-lane.ts";
import type { StageWork } from "../run-report.ts";
import { SchemaCheck } from "../stage/schema-check.ts";
import { StageContext } from "../stage/stage-context.ts";
import { StageCounters } from "../stage/stage-counters.ts";
import { Hold } from "../snapshot/hold.ts";
import { loopEntry } from "../step/loop-entry.ts";
import { LaneWriter, type RecordedFrame } from "../supervision/lane-writer.ts";
import type { Turns } from "../supervision/turns.ts";
import { Wake } from "../supervision/wake.ts";
import { checkedEdges, divergenceGuard, flowControlOf, strictest } from "./edge-settings.ts";
import { feedsSeveral } from "./feeds-several.ts";
import { makeStage } from "./make-stage.ts";
import { StageTask } from "./stage-task.ts";

/** The stages of a run, and what runs between them. */
export interface WiredStages {
  /** In the order declared. */
  readonly tasks: readonly StageTask[];
  readonly writers: readonly LaneWriter[];
  readonly edges: readonly Edge[];
  readonly latency: SourceLatency;
  readonly hold: Hold;
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
  /** Whether an earlier process has worked on this run. */
  readonly resumed: boolean;
  /** Whether calls are made again that have failed on record, where a handler ends on that. */
  readonly retryFailed: boolean;
}): WiredStages {
  const {
    definition,
    log,
    clock,
    abortController,
    turns,
    settings,
    gates,
    logger,
    moved,
    recovered,
    resumed,
    retryFailed,
  } = options;
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
  const hold = new Hold(() => {
    for (const wake of wakes) wake.signal();
  });
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
      divergence: divergenceGuard(settings, name, [...backward], loop, nameOf),
      freeze: settings.flow("development.freeze"),
      resumed,
      hold,
      stepInputs: settings.stage(name, stage.kind === "sink" ? "sink.batchInputs" : "stage.stepInputs"),
      contractMode: ({ contract, upstream }) =>
        contract === "source"
          ? strictest(readers.map((to) => settings.edge({ from: name, to }, "contracts.source")))
          : settings.edge({ from: nameOf(upstream), to: name }, `contracts.${contract}`),
    });
    const edgesIn = inputs[index] ?? [];
    const parts = { context, edges: edgesIn, loop, latency, logger, recovered: recovered?.[lane], retryFailed };
    const made = makeStage(stage, parts);
    const done = recovered?.[lane]?.isDone === true ? recovered[lane].state : undefined;
    return new StageTask({
      stage: made,
      context,
      kind: stage.kind,
      turns,
      logger,
      moved,
      done,
      earlier: earlierWork(recovered?.[lane]),
    });
  });
  return { tasks, writers, edges, latency, hold };
}

function earlierWork(lane: RecoveredLane | undefined): StageWork | undefined {
  if (lane === undefined) return undefined;
  const out = [...lane.data.values()].reduce((sum, count) => sum + count, 0);
  return { in: lane.taken, out, rejected: lane.rejected };
}

/** What is on record is safe. */
function recordedFrame(frame: DecodedFrame): RecordedFrame {
  return { ...frame, position: 0 as Position, bytes: frame.body.length };
}
