import { err, ok, type Result } from "neverthrow";

import { FrameDecoder, SYSTEM_LANE, type DecodedFrame, type LaneId, type Lsn, type StoredFrame } from "@refold/core";

import { recordedSettings } from "../config/recorded-settings.ts";
import {
  inputsOf,
  isComputed,
  type EffectfulDefinition,
  type InputDefinition,
  type PureDefinition,
  type StageDefinition,
} from "../definition/flow-definition.ts";
import { CascadedStage } from "./cascaded-stage.ts";
import type { HistoryReplayOptions } from "./history-replay.ts";
import { RecordedNumbers } from "./recorded-numbers.ts";
import { RecordedTypes } from "./recorded-types.ts";
import type { ReplayFault, ReplayReport } from "./replay-report.ts";
import { addChanges, hasChanges, NO_CHANGES, type StageReach } from "./stage-reach.ts";
import type { Substitutes } from "./substitutes.ts";
import { unreadableFrame } from "./unreadable-frame.ts";

/**
 * How far the divergences of a run reach: each stage is run on what those before it would have given, in the order of inputs on
 * record. The log is read once for each distance from the sources at which anything is otherwise. Nothing outside is touched.
 */
export class Cascade {
  readonly #options: HistoryReplayOptions;
  readonly #numbers: RecordedNumbers;
  readonly #diverged: ReadonlySet<string>;
  /** What is otherwise of the lanes that were followed. */
  readonly #substitutes: Map<LaneId, Substitutes> = new Map();
  readonly #reach: Map<string, StageReach> = new Map();

  constructor(options: HistoryReplayOptions, { stages }: ReplayReport) {
    this.#options = options;
    this.#numbers = new RecordedNumbers(options.recorded.manifest, options.definition);
    this.#diverged = new Set(stages.filter(({ diverged }) => diverged > 0).map(({ stage }) => stage));
  }

  /** Of every stage that reads others, in the order declared; observers change nothing and are left out. */
  async run(): Promise<Result<readonly StageReach[], ReplayFault>> {
    const { definition } = this.#options;
    const readers = definition.stages.filter(({ kind }) => kind !== "source" && kind !== "observer");
    const depths = readers.map(({ name }) => definition.topology.depth(name) ?? 0);
    for (const depth of [...new Set(depths)].sort((a, b) => a - b)) {
      const fault = await this.#follow(readers.filter((_, index) => depths[index] === depth));
      if (fault !== undefined) return err(fault);
    }
    return ok(readers.map(({ name }) => this.#reach.get(name) as StageReach));
  }

  /** Stages that are as far from the sources: none of them reads another, unless by a cycle. */
  async #follow(stages: readonly StageDefinition[]): Promise<ReplayFault | undefined> {
    const followed = new Map<StageDefinition, CascadedStage>();
    for (const stage of stages) {
      const known = this.#withoutRunning(stage);
      if ("verdict" in known) this.#reach.set(stage.name, known);
      else followed.set(known, this.#cascaded(known));
    }
    if (followed.size === 0) return undefined;
    const lanes = [...followed].map(([{ name }, cascaded]) => [this.#numbers.lane(name), cascaded] as const);
    const fault = await this.#read(new Map(lanes));
    if (fault !== undefined) return fault;
    for (const [stage, cascaded] of followed) {
      const { reach, substitutes } = cascaded;
      const inputs = this.#inputChanges(stage);
      const verdict = reach.verdict === "unchanged" && hasChanges(inputs) ? "changed" : reach.verdict;
      this.#reach.set(stage.name, { stage: stage.name, kind: stage.kind, inputs, ...reach, verdict });
      if (!substitutes.isEmpty) this.#substitutes.set(this.#numbers.lane(stage.name), substitutes);
    }
    return undefined;
  }

  /** What is known of a stage without running it: that nothing reaches it, or that it cannot be followed. Else the stage. */
  #withoutRunning(stage: StageDefinition): StageReach | PureDefinition | EffectfulDefinition {
    const { name, kind } = stage;
    const inputs = this.#inputChanges(stage);
    const common = { stage: name, kind, inputs, outputs: NO_CHANGES, first: undefined };
    const circle = this.#options.definition.topology.cycleOf(name)?.members;
    if (circle?.some((member) => this.#isReached(member)) === true) {
      return {
        ...common,
        verdict: "not-followed",
        why: "it is part of a cycle, where what comes round depends on itself",
      };
    }
    const unknown = this.#unknownBefore(name);
    if (unknown !== undefined) {
      return { ...common, verdict: "not-followed", why: `what ${unknown} would have given is not known` };
    }
    if (!this.#isReached(name)) return { ...common, verdict: "unchanged", why: undefined };
    if (isComputed(stage)) return stage;
    return { ...common, verdict: hasChanges(inputs) ? "changed" : "unchanged", why: undefined };
  }

  /** Whether anything is otherwise in a stage, or in what it is given. */
  #isReached(name: string): boolean {
    const stage = this.#options.definition.stages.find((known) => known.name === name);
    const isChanged = stage !== undefined && hasChanges(this.#inputChanges(stage));
    return isChanged || this.#diverged.has(name) || this.#unknownBefore(name) !== undefined;
  }

  /** A stage before this one whose outputs are not known. */
  #unknownBefore(name: string): string | undefined {
    return this.#options.definition.topology.upstream(name).find((from) => {
      const verdict = this.#reach.get(from)?.verdict;
      return verdict === "fails" || verdict === "not-followed";
    });
  }

  #inputChanges(stage: StageDefinition): StageReach["inputs"] {
    return this.#readsOf(stage)
      .map(({ from, takes }) => this.#substitutes.get(from)?.changesFor(takes) ?? NO_CHANGES)
      .reduce(addChanges, NO_CHANGES);
  }

  #readsOf(stage: StageDefinition): readonly InputDefinition[] {
    return inputsOf(stage).map((input) => this.#numbers.input(input));
  }

  #cascaded(stage: PureDefinition | EffectfulDefinition): CascadedStage {
    const { recorded, host } = this.#options;
    return new CascadedStage({
      definition: stage,
      manifest: recorded.manifest,
      lane: this.#numbers.lane(stage.name),
      types: stage.types.map((type) => this.#numbers.type(type)),
      reads: this.#readsOf(stage),
      substitutes: this.#substitutes,
      freezes: recordedSettings(recorded.manifest).flow("development.freeze"),
      clock: host.clock,
    });
  }

  /** Runs stages, by their lanes, over the record, which a replay has found to make sense. */
  async #read(stages: ReadonlyMap<LaneId, CascadedStage>): Promise<ReplayFault | undefined> {
    const { recorded, keepBytes, part } = this.#options;
    const decoder = new FrameDecoder(recorded, keepBytes === undefined ? {} : { keepBytes });
    const types = new RecordedTypes(recorded.manifest, this.#options.definition.types);
    const upstream = [...stages.values()].flatMap(({ inputs }) => inputs.lanes);
    const needed = new Set([SYSTEM_LANE, ...stages.keys(), ...upstream]);
    let epochs = 0;
    reading: for await (const batch of recorded.read(0 as Lsn)) {
      if (batch.isErr()) return batch.error;
      for (const frame of batch.value) {
        if (frame.lsn > (part?.until?.lsn ?? frame.lsn)) break reading;
        if (!needed.has(frame.lane)) {
          decoder.pass(frame);
          continue;
        }
        const decoded = await decoder.decode(frame);
        if (decoded.isErr()) return unreadableFrame(decoded.error, frame.lsn, recorded.manifest);
        if (decoded.value.records.some(({ kind }) => kind === "epoch") && epochs++ > 0) {
          for (const stage of stages.values()) stage.takeOver();
        }
        for (const [lane, stage] of stages) {
          if (lane !== frame.lane && !stage.inputs.lanes.includes(frame.lane)) continue;
          // Each has the records to itself: what the code of one does to them, no other sees.
          const seen = this.#again(frame, decoder, types);
          if (seen.isErr()) return seen.error;
          if (lane === frame.lane) await stage.take(seen.value);
          else stage.inputs.offer(seen.value);
        }
      }
    }
    for (const stage of stages.values()) stage.close();
    return undefined;
  }

  #again(frame: StoredFrame, decoder: FrameDecoder, types: RecordedTypes): Result<DecodedFrame, ReplayFault> {
    const { manifest } = this.#options.recorded;
    const decoded = decoder.decodeAgain(frame);
    if (decoded.isErr()) return err(unreadableFrame(decoded.error, frame.lsn, manifest));
    const records = types.upcast(decoded.value.records, frame.lsn);
    return "kind" in records ? err(records) : ok({ ...frame, records });
  }
}
