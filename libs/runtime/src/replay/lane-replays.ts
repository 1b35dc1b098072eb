import type { Clock, LaneId, LaneSeq, RunManifest, TypeId } from "@refold/core";

import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";
import {
  inputsOf,
  isComputed,
  outputTypes,
  type FlowDefinition,
  type StageDefinition,
} from "../definition/flow-definition.ts";
import { loopEntry, type LoopEntry } from "../step/loop-entry.ts";
import type { FoundDivergence } from "./divergence.ts";
import { EffectfulReplay } from "./effectful-replay.ts";
import { LaneReplay } from "./lane-replay.ts";
import { RecordedInputs } from "./recorded-inputs.ts";
import { RecordedNumbers } from "./recorded-numbers.ts";
import type { ReplayPart } from "./replay-part.ts";
import { StageReplay } from "./stage-replay.ts";

export interface LaneReplaysOptions {
  readonly manifest: RunManifest;
  readonly definition: FlowDefinition;
  /** What was in effect for the recorded run. */
  readonly settings: ResolvedConfiguration;
  /** Whether payloads may be passed on by reference: each is on record as it is here. */
  readonly passesOn: boolean;
  readonly clock: Clock;
  readonly part: ReplayPart | undefined;
  readonly found: (lane: LaneId, divergence: FoundDivergence) => void;
}

/** A replay of every lane of a run, by their ids, and of each that computes anything the program. */
export function laneReplays(options: LaneReplaysOptions): readonly LaneReplay[] {
  const { manifest, definition } = options;
  const numbers = new RecordedNumbers(manifest, definition);
  return manifest.lanes.map((name, lane) => {
    const stage = definition.stages.find((known) => known.name === name);
    return laneReplay(options, numbers, { name, lane: lane as LaneId, stage });
  });
}

function laneReplay(
  options: LaneReplaysOptions,
  numbers: RecordedNumbers,
  { name, lane, stage }: { readonly name: string; readonly lane: LaneId; readonly stage: StageDefinition | undefined },
): LaneReplay {
  const { manifest, settings, passesOn, clock, part } = options;
  const nameOf = (from: LaneId): string => manifest.lanes[from] ?? String(from);
  const reads = stage === undefined ? [] : inputsOf(stage).map((input) => numbers.input(input));
  const types: readonly TypeId[] = stage === undefined ? [] : outputTypes(stage).map((type) => numbers.type(type));
  const inputs = new RecordedInputs(reads, { skims: stage?.kind === "observer" });
  // Without settings on record, nobody knows.
  const isJudged = (contract: "transport" | "delivery", from: LaneId): boolean =>
    manifest.configuration !== undefined &&
    settings.edge({ from: nameOf(from), to: name }, `contracts.${contract}`) !== "off";
  const found = (divergence: FoundDivergence): void => options.found(lane, divergence);
  const common = { name, stage, types, inputs, isJudged, nameOf, found };
  const isLeftOut = part?.stage !== undefined && part.stage !== name;
  if (isLeftOut || stage === undefined || !isComputed(stage)) return new LaneReplay({ ...common, program: undefined });
  const computed = {
    definition: stage,
    manifest,
    lane,
    types,
    reads,
    inputs,
    loop: loopOf(name, options),
    frozen: settings.flow("development.freeze"),
    passesOn,
    found,
  };
  const before = beforeInput(name, part);
  if (stage.kind !== "effectful") {
    return new LaneReplay({
      ...common,
      program: new StageReplay({ ...computed, program: stage.program(reads), before }),
    });
  }
  const { rootRunId } = manifest;
  const calls = new EffectfulReplay({ definition: stage, rootRunId, inputs, clock, nameOf, found, before });
  return new LaneReplay({ ...common, program: new StageReplay({ ...computed, program: calls.handling }), calls });
}

/** Tells whoever waits for an input to be reached. */
function beforeInput(
  name: string,
  part: ReplayPart | undefined,
): ((input: unknown, from: LaneId, seq: LaneSeq) => void) | undefined {
  const breakAt = part?.breakAt;
  return (
    breakAt &&
    ((input, from, seq) => {
      if (from === breakAt.lane && seq === breakAt.seq) breakAt.reached(name, input);
    })
  );
}

/** The depth of a cycle is that of the recorded run, whatever is set now. */
function loopOf(to: string, { definition, manifest, settings }: LaneReplaysOptions): LoopEntry | undefined {
  const { topology } = definition;
  const from = topology.inputs(to).flatMap((input) => (input.kind === "backward" ? [input.from] : []));
  return loopEntry(settings, to, from, new Set(from.map((name) => manifest.lanes.indexOf(name) as LaneId)));
}
