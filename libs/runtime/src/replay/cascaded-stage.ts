import {
  formatPlace,
  type Clock,
  type DecodedFrame,
  type LaneId,
  type LaneSeq,
  type Lsn,
  type RunManifest,
  type Span,
  type TimerRecord,
  type TypeId,
} from "@refold/core";

import {
  errorsFrom,
  type EffectfulDefinition,
  type InputDefinition,
  type PureDefinition,
} from "../definition/flow-definition.ts";
import { InputHandling } from "../effect/input-handling.ts";
import { RecordedEffects } from "../effect/recorded-effects.ts";
import { CallDiverged, RecordedOutcomes } from "../effect/recorded-outcomes.ts";
import { deepFreeze } from "../step/deep-freeze.ts";
import { InputContext } from "../step/input-context.ts";
import { HandlerThrew, StepRecorder } from "../step/step-recorder.ts";
import { CascadedInputs, type CascadedInput } from "./cascaded-inputs.ts";
import { describeValue } from "./describe-value.ts";
import { differences } from "./differences.ts";
import type { FoundDivergence } from "./divergence.ts";
import { contentOf, type PlacedOutput } from "./output-comparison.ts";
import type { RecordChanges, StageReach } from "./stage-reach.ts";
import { isStepOutput, type StepOutput } from "./step-output.ts";
import { MAX_SUBSTITUTES, Substitutes } from "./substitutes.ts";
import { UNSETTLING } from "./unsettling.ts";

/** More outputs of one step than are looked at. */
const MAX_STEP_OUTPUTS = 100_000;

/** Why the stage cannot be followed any further. */
type Stop = Pick<StageReach, "verdict" | "why">;

interface OpenStep {
  readonly recorded: PlacedOutput[];
  /** Where the inputs on record stand, by their index. */
  readonly inputs: { readonly lane: LaneId; readonly seq: LaneSeq }[];
  /** The indices of inputs, as taken now, that are not on record. */
  readonly extras: ReadonlySet<number>;
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** Runs one stage on what it would have been given, and tells what it would have given in place of what is on record. */
export class CascadedStage {
  readonly substitutes: Substitutes = new Substitutes();
  readonly inputs: CascadedInputs;
  readonly #name: string;
  readonly #lane: LaneId;
  readonly #nameOf: (lane: LaneId) => string;
  readonly #step: StepRecorder;
  readonly #freezes: boolean;
  /** Of an effectful stage. */
  readonly #calls: { readonly handling: InputHandling; readonly outcomes: RecordedOutcomes } | undefined;
  readonly #changes: { -readonly [K in keyof RecordChanges]: number } = { changed: 0, missing: 0, extra: 0 };
  #first: FoundDivergence | undefined;
  #stop: Stop | undefined;
  #open: OpenStep | undefined;
  #ending = false;
  #finishing = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly definition: PureDefinition | EffectfulDefinition;
    readonly manifest: RunManifest;
    readonly lane: LaneId;
    /** By port, and what the stage reads: by the numbers that they have in the recorded run. */
    readonly types: readonly TypeId[];
    readonly reads: readonly InputDefinition[];
    readonly substitutes: ReadonlyMap<LaneId, Substitutes>;
    readonly freezes: boolean;
    readonly clock: Clock;
  }) {
    const { definition, manifest, lane, types, reads, clock } = options;
    this.#name = definition.name;
    this.#lane = lane;
    this.#nameOf = (from) => manifest.lanes[from] ?? String(from);
    this.#freezes = options.freezes;
    this.inputs = new CascadedInputs(reads, options.substitutes);
    const { rootRunId } = manifest;
    if (definition.kind === "effectful") {
      const outcomes = new RecordedOutcomes(clock);
      const place = { stage: definition.name, rootRunId, clock };
      this.#calls = {
        outcomes,
        handling: new InputHandling(definition.handling, new RecordedEffects(outcomes), place),
      };
    }
    this.#step = new StepRecorder({
      program:
        definition.kind === "effectful"
          ? (this.#calls as { handling: InputHandling }).handling
          : definition.program(reads),
      context: new InputContext(rootRunId, definition.name),
      lane,
      types,
      errorsFrom: errorsFrom(definition.kind, reads),
      passesOn: false,
    });
  }

  /** What was found of its outputs. */
  get reach(): Pick<StageReach, "verdict" | "why" | "outputs" | "first"> {
    const { changed, missing, extra } = this.#changes;
    const verdict = this.#stop?.verdict ?? (changed + missing + extra > 0 ? "changed" : "unchanged");
    return { verdict, why: this.#stop?.why, outputs: this.#changes, first: this.#first };
  }

  /** The next frame of its lane. */
  async take(frame: DecodedFrame): Promise<void> {
    if (this.#stop !== undefined) return;
    try {
      await this.#take(frame);
    } catch (thrown) {
      if (!(thrown instanceof Stopped)) throw thrown;
      this.#stop ??= thrown.stop;
    }
    this.#lastMs = frame.timeMs;
  }

  /** Another process goes on with the run. */
  takeOver(): void {
    this.#ending = false;
    this.inputs.takeOver();
  }

  /** Nothing more is on record. */
  close(): void {
    if (this.#stop === undefined) this.#close(true);
  }

  async #take(frame: DecodedFrame): Promise<void> {
    for (const [index, record] of frame.records.entries()) {
      const seq = (frame.firstSeq + index) as LaneSeq;
      switch (record.kind) {
        case "consumed":
          this.#close();
          this.#missTimer();
          await this.#takeInputs(record.spans, frame);
          break;
        case "timer":
          this.#close();
          this.#fire(record, frame);
          break;
        case "data":
        case "error":
          if (this.#open === undefined) this.#finish(seq, frame.lsn);
          this.#open?.recorded.push({ record, seq, lsn: frame.lsn });
          break;
        case "effect-started":
        case "effect-settled":
          this.#calls?.outcomes.note(record, formatPlace(this.#name, seq));
          break;
        case "end":
          if (record.end !== "poison") {
            if (this.#ending && !this.#finishing) {
              this.#close();
              this.#finish(seq, frame.lsn);
            }
            this.#close();
          }
          break;
        case "transition":
          if (!UNSETTLING.includes(record.event.kind) && !this.#finishing) this.#close();
          if (record.event.kind === "inputs-ended")
            this.#ending = (record.event as { readonly end?: unknown }).end === "natural";
          break;
        case "watermark":
        case "cursor":
        case "receipt":
        case "contract":
        case "liveness":
        case "policy":
        case "epoch":
        case "seal":
          // Nobody after the stage takes these.
          break;
      }
    }
  }

  async #takeInputs(spans: readonly Span[], frame: DecodedFrame): Promise<void> {
    const taken = spans.flatMap((span) => this.inputs.take(span) ?? stop("its inputs are not what is on record"));
    const extras = new Set<number>();
    const open: OpenStep = { recorded: [], inputs: [], extras, seq: frame.firstSeq, lsn: frame.lsn };
    this.#step.begin(MAX_STEP_OUTPUTS, (frame.firstSeq + 1) as LaneSeq);
    this.#open = open;
    for (const input of taken) {
      const { record, lane, seq, isExtra } = input;
      this.#guard(input, () => this.#step.drain());
      if (record?.kind === "end") {
        this.#guard(input, () => this.#step.ended(lane, record.end));
        continue;
      }
      if (input.wasInput) open.inputs.push({ lane, seq });
      if (record === undefined) this.#calls?.outcomes.forget(lane, seq);
      else if (record.kind === "error") this.#step.passOn(record, lane, seq);
      else {
        if (isExtra) extras.add(this.#step.inputs);
        await this.#takeData(record.payload, input);
        this.#guard(input, () => this.#step.take(record, lane, seq, input.timeMs));
      }
    }
  }

  async #takeData(payload: unknown, { lane, seq, timeMs, isExtra }: CascadedInput): Promise<void> {
    if (this.#freezes) deepFreeze(payload);
    if (this.#calls === undefined) return;
    if (isExtra)
      stop(`it would call the outside for an input that is not on record, before ${this.#placeOf(lane, seq)}`);
    await this.#calls.handling.handle({ payload, lane, seq, timeMs });
    this.#calls.outcomes.forget(lane, seq);
  }

  #fire({ dueMs }: TimerRecord, frame: DecodedFrame): void {
    if (this.#step.dueMs !== dueMs)
      stop(`its timer would be due at another time than at ${this.#placeOf(this.#lane, frame.firstSeq)}`);
    this.#step.begin(MAX_STEP_OUTPUTS, (frame.firstSeq + 1) as LaneSeq);
    this.#begin(frame.firstSeq, frame.lsn);
    this.#guard(undefined, () => this.#step.fire(dueMs));
  }

  #missTimer(): void {
    const { dueMs } = this.#step;
    if (dueMs !== undefined && dueMs <= this.#lastMs) stop("its timer would have been due, and is not on record");
  }

  #finish(seq: LaneSeq, lsn: Lsn): void {
    this.#step.begin(MAX_STEP_OUTPUTS, seq);
    this.#begin(seq, lsn);
    if (!this.#ending) return;
    this.#finishing = true;
    if (this.#guard(undefined, () => this.#step.finish())) tooMany();
  }

  #begin(seq: LaneSeq, lsn: Lsn): void {
    this.#open = { recorded: [], inputs: [], extras: new Set(), seq, lsn };
  }

  /** Holds the outputs of the open step against those on record. Of a step that was cut short, what is not on record may have come. */
  #close(cutShort: boolean = false): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (this.#step.hasMore) tooMany();
    const recorded = grouped(open.recorded, ({ record }) => this.#keyThen(record, open));
    let before = open.seq;
    for (const output of this.#step.records.filter(isStepOutput)) {
      if (output.kind === "watermark") continue;
      const then = recorded.get(this.#keyNow(output, open))?.shift();
      if (then !== undefined) {
        before = Math.max(before, then.seq) as LaneSeq;
        this.#compare(then, output, before, open);
        before = Math.max(before, then.seq + 1) as LaneSeq;
      } else if (!cutShort) this.#add(before, output, open);
    }
    for (const then of [...recorded.values()].flat().sort((a, b) => a.seq - b.seq)) this.#lose(then, open);
  }

  #compare(then: PlacedOutput, now: StepOutput, before: LaneSeq, open: OpenStep): void {
    if (typeOf(then.record) !== typeOf(now)) {
      // Other readers may take it than took the one on record.
      this.#lose(then, open);
      this.#add(before, now, open);
      return;
    }
    const changes = differences(contentOf(then.record), contentOf(now));
    if (changes.length === 0) return;
    this.#count("changed", then.seq, then, now, open);
    if (!this.substitutes.change(then.seq, now))
      fails(`what it would give at ${this.#placeOf(this.#lane, then.seq)} cannot be stored`);
  }

  #lose(then: PlacedOutput, open: OpenStep): void {
    this.#count("missing", then.seq, then, undefined, open);
    this.substitutes.lose(then.seq, then.record);
  }

  #add(before: LaneSeq, now: StepOutput, open: OpenStep): void {
    this.#count("extra", before, undefined, now, open);
    if (!this.substitutes.add(before, now))
      fails(`what it would give before ${this.#placeOf(this.#lane, before)} cannot be stored`);
  }

  #count(
    kind: keyof RecordChanges,
    seq: LaneSeq,
    then: PlacedOutput | undefined,
    now: StepOutput | undefined,
    open: OpenStep,
  ): void {
    if (this.substitutes.isFull) stop(`it would give more than ${MAX_SUBSTITUTES} other outputs`);
    this.#changes[kind]++;
    const recorded = then && contentOf(then.record);
    const recomputed = now && contentOf(now);
    this.#first ??= {
      place: this.#placeOf(this.#lane, seq),
      lsn: then?.lsn ?? open.lsn,
      kind,
      causes: this.#causes(then, now, open),
      recorded,
      recomputed,
      differences: then === undefined || now === undefined ? [] : differences(recorded, recomputed),
    };
  }

  #causes(then: PlacedOutput | undefined, now: StepOutput | undefined, { inputs }: OpenStep): readonly string[] {
    const record = then?.record ?? now;
    if (record === undefined || record.kind === "watermark") return [];
    const { cause } = record;
    if (typeof cause !== "number") {
      return (cause ?? []).map(({ lane, first, last }) =>
        first === last ? this.#placeOf(lane, first) : `${this.#placeOf(lane, first)}..${last}`,
      );
    }
    const place = then === undefined ? this.#step.placeOf(cause) : inputs[cause];
    return place === undefined ? [] : [this.#placeOf(place.lane, place.seq)];
  }

  #keyThen(record: StepOutput, { inputs }: OpenStep): string {
    return this.#key(record, (cause) => {
      const place = inputs[cause];
      return place === undefined ? "unknown" : this.#placeOf(place.lane, place.seq);
    });
  }

  #keyNow(record: StepOutput, { extras }: OpenStep): string {
    return this.#key(record, (cause) => {
      const { lane, seq } = this.#step.placeOf(cause);
      return extras.has(cause) ? "extra" : this.#placeOf(lane, seq);
    });
  }

  /** Outputs of one input belong together; aggregates have only their order. */
  #key(record: StepOutput, placeOf: (input: number) => string): string {
    if (record.kind === "watermark") return "watermark";
    const { cause, originLane, originSeq } = record;
    if (typeof cause === "number") return placeOf(cause);
    return originLane === this.#lane ? "aggregate" : `origin ${this.#placeOf(originLane, originSeq)}`;
  }

  /** Runs author's code. Where it throws, the run would have failed. */
  #guard<T>(input: CascadedInput | undefined, run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      if (!(thrown instanceof HandlerThrew)) throw thrown;
      const { cause } = thrown;
      const at = input === undefined ? "" : `at ${this.#placeOf(input.lane, input.seq)}, `;
      const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : describeValue(cause);
      if (cause instanceof CallDiverged)
        return stop(`${at}what the outside would answer is not on record: ${cause.message}`);
      return fails(`${at}its handler throws ${text}`);
    }
  }

  #placeOf(lane: LaneId, seq: LaneSeq): string {
    return formatPlace(this.#nameOf(lane), seq);
  }
}

class Stopped extends Error {
  readonly stop: Stop;

  constructor(stopped: Stop) {
    super(stopped.why);
    this.stop = stopped;
  }
}

function stop(why: string): never {
  throw new Stopped({ verdict: "not-followed", why });
}

function tooMany(): never {
  return stop(`a step would give more than ${MAX_STEP_OUTPUTS} outputs`);
}

function fails(why: string): never {
  throw new Stopped({ verdict: "fails", why });
}

function typeOf(record: StepOutput): string {
  return record.kind === "data"
    ? `data ${record.type}`
    : record.kind === "error"
      ? `error ${record.error}`
      : record.kind;
}

function grouped(
  outputs: readonly PlacedOutput[],
  keyOf: (output: PlacedOutput) => string,
): Map<string, PlacedOutput[]> {
  const groups = new Map<string, PlacedOutput[]>();
  for (const output of outputs) {
    const key = keyOf(output);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [output]);
    else group.push(output);
  }
  return groups;
}
