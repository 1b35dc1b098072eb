import type {
  DecodedFrame,
  EndRecord,
  LaneId,
  LaneSeq,
  LogRecord,
  Lsn,
  RunManifest,
  Span,
  TimerRecord,
  TypeId,
} from "@refold/core";
import { formatPlace } from "@refold/core";

import {
  errorsFrom,
  type EffectfulDefinition,
  type InputDefinition,
  type PureDefinition,
} from "../definition/flow-definition.ts";
import { InputContext } from "../step/input-context.ts";
import type { LoopEntry } from "../step/loop-entry.ts";
import type { StageProgram } from "../step/stage-program.ts";
import { HandlerThrew, StepRecorder, type StepState } from "../step/step-recorder.ts";
import { describeValue } from "./describe-value.ts";
import { differences } from "./differences.ts";
import type { FoundDivergence } from "./divergence.ts";
import { OutputComparison, type PlacedOutput } from "./output-comparison.ts";
import type { RecordedInputs, TakenInput } from "./recorded-inputs.ts";
import { UNSETTLING } from "./unsettling.ts";
import { isStepOutput, outputsIn, type StepOutput } from "./step-output.ts";

/** A step whose recorded outputs may go on in the next frame. */
interface OpenStep {
  /** What was computed and is not settled yet, and how much of it the candidate has. */
  computed: StepOutput[];
  given: number;
  /** What is on record and was not found to be the same at once. */
  readonly recorded: PlacedOutput[];
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** Hears of an input, and where it stands, before a handler takes it. */
export type BeforeInput = (input: unknown, lane: LaneId, seq: LaneSeq) => void;

/** Runs the program of one pure stage over its recorded inputs, and holds its outputs against the recorded ones. */
export class StageReplay {
  matched = 0;
  readonly #name: string;
  readonly #program: StageProgram;
  readonly #step: StepRecorder;
  readonly #inputs: RecordedInputs;
  /** The inputs that the program has passed by, in the order taken. */
  #passedBy: TakenInput[] = [];
  readonly #types: readonly TypeId[];
  readonly #found: (divergence: FoundDivergence) => void;
  readonly #comparison: OutputComparison;
  readonly #before: BeforeInput | undefined;
  #open: OpenStep | undefined;
  /** How many data records of each type were computed. */
  readonly #computed: Map<TypeId, number> = new Map();
  #ending = false;
  /** The time of the lane's last frame, and the last timer that was found not to be on record. */
  #lastMs = Number.NEGATIVE_INFINITY;
  #missedMs: number | undefined;

  constructor(options: {
    readonly definition: PureDefinition | EffectfulDefinition;
    readonly program: StageProgram;
    readonly manifest: RunManifest;
    readonly lane: LaneId;
    /** By port, and what the stage reads: by the numbers that they have in the recorded run. */
    readonly types: readonly TypeId[];
    readonly reads: readonly InputDefinition[];
    readonly inputs: RecordedInputs;
    readonly loop: LoopEntry | undefined;
    /** Whether payloads are frozen before the stage sees them. */
    readonly frozen: boolean;
    /** Whether payloads may be passed on by reference: each is on record as it is here. */
    readonly passesOn: boolean;
    readonly found: (divergence: FoundDivergence) => void;
    /** Called before the handler takes an input. */
    readonly before?: BeforeInput | undefined;
  }) {
    const { definition, program, manifest, lane, types } = options;
    this.#before = options.before;
    this.#name = definition.name;
    this.#program = program;
    this.#inputs = options.inputs;
    this.#types = types;
    this.#found = options.found;
    this.#comparison = new OutputComparison(definition.name, lane, manifest, options.found);
    const context = new InputContext(manifest.rootRunId, definition.name);
    this.#step = new StepRecorder({
      program,
      context,
      lane,
      types,
      errorsFrom: errorsFrom(definition.kind, options.reads),
      loop: options.loop,
      frozen: options.frozen,
      passesOn: options.passesOn,
    });
  }

  /** Whether recorded records are still to be compared. */
  get keepsRecords(): boolean {
    return this.#open !== undefined && this.#open.recorded.length > 0;
  }

  /** Computes a frame again. Returns its records as computed now, or why the recorded ones make no sense. */
  take(frame: DecodedFrame): readonly LogRecord[] | string {
    const head = frame.records[0];
    if (head?.kind === "consumed") {
      this.close();
      this.#findMissedTimer(frame);
      const problem = this.#takeInputs(head.spans, frame);
      if (problem !== undefined) return problem;
    } else if (head?.kind === "timer") {
      this.close();
      this.#fire(head, frame);
    } else if (head !== undefined && isStepOutput(head)) {
      if (this.#open === undefined) this.#finish(frame);
      else this.#goOn(this.#open, outputsIn(frame), frame.firstSeq);
    }
    this.#lastMs = frame.timeMs;
    const others: LogRecord[] = [];
    for (const [index, record] of frame.records.entries()) {
      const seq = (frame.firstSeq + index) as LaneSeq;
      if (record.kind === "end") others.push(this.#end(record, seq, frame.lsn));
      else if (!isStepOutput(record)) {
        if (record.kind === "transition") this.#moved(record.event);
        others.push(record);
      }
    }
    return this.#open === undefined ? others : this.#settle(this.#open, frame, others);
  }

  get state(): StepState {
    return this.#step.state;
  }

  /** Goes on from a snapshot. */
  restore(state: StepState, data: ReadonlyMap<TypeId, number>, timeMs: number): void {
    this.#step.restore(state);
    for (const [type, count] of data) this.#computed.set(type, count);
    this.#lastMs = timeMs;
  }

  /** Another process goes on with the stage. What the last step had left to give, it still has. */
  takeOver(): void {
    this.#ending = false;
    this.#inputs.putBack(this.#passedBy);
    this.#passedBy = [];
    this.#program.takeOver?.();
  }

  /** What the stage has come to: its program with its state, and what it computed and has not on record yet. */
  get rest(): { readonly step: StepRecorder; readonly parked: readonly StepOutput[] } {
    const open = this.#open;
    return { step: this.#step, parked: open === undefined ? [] : open.computed.slice(open.given) };
  }

  /** Settles the step that may have gone on: what it computes beyond the record is extra, unless it was cut short. */
  close(cutShort: boolean = false): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (cutShort) this.#cut(open);
    else this.#goOn(open, 1, open.seq);
    this.#compare(open);
  }

  #cut(open: OpenStep): void {
    this.#count(open.computed.splice(open.recorded.length), -1);
  }

  #compare(open: OpenStep): void {
    this.matched += this.#comparison.compare({ ...open, placeOf: (input) => this.#step.placeOf(input) });
  }

  #fire(recorded: TimerRecord, frame: DecodedFrame): void {
    const { dueMs } = this.#step;
    if (dueMs !== recorded.dueMs || recorded.timer !== SCHEDULE) {
      const then = `${nameOfTimer(recorded.timer)} due at ${recorded.dueMs}`;
      const now = dueMs === undefined ? "none" : `one due at ${dueMs}`;
      const place = this.#ownPlace(frame.firstSeq);
      const found = { causes: [], recorded: then, recomputed: now, differences: [] };
      this.#found({ place, lsn: frame.lsn, kind: "changed", ...found });
    }
    this.#step.begin(outputsIn(frame), seqAfter(frame.firstSeq, 1));
    this.#guard(frame, () => this.#step.fire(recorded.dueMs));
    this.#begin(frame);
  }

  /** A stage looks at its timer before it takes more, so one that was due by then has fired. */
  #findMissedTimer(frame: DecodedFrame): void {
    const { dueMs } = this.#step;
    if (dueMs === undefined || dueMs > this.#lastMs || dueMs === this.#missedMs) return;
    this.#missedMs = dueMs;
    const place = this.#ownPlace(frame.firstSeq);
    const found = { causes: [], recorded: undefined, recomputed: `a timer due at ${dueMs}`, differences: [] };
    this.#found({ place, lsn: frame.lsn, kind: "extra", ...found });
  }

  #takeInputs(spans: readonly Span[], frame: DecodedFrame): string | undefined {
    const step = this.#step;
    // What the last input has left is taken as the record goes on with it.
    step.begin(outputsIn(frame), seqAfter(frame.firstSeq, 1));
    for (const span of spans) {
      const found = this.#inputs.take(span, (record, seq, from, original) => {
        this.#guard(frame, () => step.drain());
        if (record.kind === "end") {
          const { end } = record;
          this.#guard(frame, () => step.ended(span.lane, end));
          return;
        }
        if (record.kind === "error") {
          step.passOn(record, span.lane, seq);
          return;
        }
        this.#before?.(record.payload, span.lane, seq);
        const taken = this.#guard(frame, () => step.take(record, span.lane, seq, from.timeMs), [
          this.#comparison.placeOf(span.lane, seq),
        ]);
        if (!taken) step.skip(span.lane, seq);
        if (this.#program.passesBy?.(span.lane) === true) {
          this.#passedBy.push({ lane: span.lane, seq, record: original, frame: from });
        }
      });
      if (!found)
        return `it takes ${this.#comparison.spanText(span)}, which is not what its upstream has on record next`;
    }
    this.#begin(frame);
    return undefined;
  }

  #finish(frame: DecodedFrame): void {
    const step = this.#step;
    const recorded = outputsIn(frame);
    step.begin(recorded, frame.firstSeq);
    if (this.#ending) this.#guard(frame, () => step.finish());
    this.#begin(frame);
  }

  /** Has the last input of an open step emit as much as is on record. */
  #goOn(open: OpenStep, records: number, firstSeq: LaneSeq): void {
    const step = this.#step;
    const lacking = open.given + records - open.computed.length;
    if (lacking <= 0 || !step.hasMore) return;
    this.#guard({ lsn: open.lsn, firstSeq: open.seq }, () => step.more(lacking, seqAfter(firstSeq, records - lacking)));
    this.#add(open);
  }

  #begin(frame: DecodedFrame): void {
    const open: OpenStep = { computed: [], given: 0, recorded: [], seq: frame.firstSeq, lsn: frame.lsn };
    this.#add(open);
    this.#open = open;
  }

  #add(open: OpenStep): void {
    const computed = this.#step.records.filter(isStepOutput);
    this.#count(computed, 1);
    open.computed = open.computed.length === 0 ? [...computed] : [...open.computed, ...computed];
  }

  #count(outputs: readonly StepOutput[], by: 1 | -1): void {
    for (const record of outputs) {
      if (record.kind === "data") this.#computed.set(record.type, (this.#computed.get(record.type) ?? 0) + by);
    }
  }

  #settle(open: OpenStep, frame: DecodedFrame, others: readonly LogRecord[]): readonly LogRecord[] {
    const recorded = outputsIn(frame);
    const computed = open.computed.slice(open.given, open.given + recorded);
    let records = [...others, ...computed];
    if (open.recorded.length === 0 && open.given === 0 && this.#comparison.encodesTo(records, frame.body)) {
      this.matched += recorded;
      open.computed = open.computed.slice(recorded);
    } else {
      open.given += computed.length;
      // What cannot be stored is not part of what the lane has computed.
      const storable = computed.filter((record) => this.#comparison.isStorable(record));
      this.#count(computed, -1);
      this.#count(storable, 1);
      records = [...others, ...storable];
      for (const [index, record] of frame.records.entries()) {
        if (!isStepOutput(record)) continue;
        open.recorded.push({ record, seq: (frame.firstSeq + index) as LaneSeq, lsn: frame.lsn });
      }
    }
    if (open.computed.length === 0 && open.recorded.length === 0 && !this.#step.hasMore) this.#open = undefined;
    return records;
  }

  #moved(event: { readonly kind: string; readonly end?: unknown }): void {
    // Whoever is cancelled, or fails, leaves behind what it still had to give; the others say what a stage does in between.
    if (!UNSETTLING.includes(event.kind)) this.close();
    if (event.kind === "inputs-ended") this.#ending = event.end === "natural";
  }

  /** The end as it would be advertised now. */
  #end(recorded: EndRecord, seq: LaneSeq, lsn: Lsn): EndRecord {
    const cutShort = recorded.end === "poison";
    if (!cutShort) this.close();
    if (this.#ending && !cutShort) this.#findLeftOver(seq, lsn);
    const unrecorded = this.rest.parked;
    this.#count(unrecorded, -1);
    const counts = this.#types.map((type) => ({ type, count: this.#computed.get(type) ?? 0 }));
    this.#count(unrecorded, 1);
    const end: EndRecord = { ...recorded, counts };
    const changes = differences(recorded, end);
    if (changes.length > 0) {
      const place = this.#ownPlace(seq);
      this.#found({ place, lsn, kind: "changed", causes: [], recorded, recomputed: end, differences: changes });
    }
    return end;
  }

  #findLeftOver(seq: LaneSeq, lsn: Lsn): void {
    const step = this.#step;
    step.begin(1, seq);
    this.#guard({ lsn, firstSeq: seq }, () => step.finish());
    const open: OpenStep = { computed: [], given: 0, recorded: [], seq, lsn };
    this.#add(open);
    this.#compare(open);
  }

  /** Runs author's code; what it throws is a divergence. Returns false if it threw. */
  #guard(
    at: { readonly lsn: Lsn; readonly firstSeq: LaneSeq },
    run: () => unknown,
    causes: readonly string[] = [],
  ): boolean {
    try {
      run();
      return true;
    } catch (thrown) {
      const cause = thrown instanceof HandlerThrew ? thrown.cause : thrown;
      const recomputed = cause instanceof Error ? `${cause.name}: ${cause.message}` : describeValue(cause);
      const place = this.#ownPlace(at.firstSeq);
      this.#found({
        place,
        lsn: at.lsn,
        kind: "handler-threw",
        causes,
        recorded: undefined,
        recomputed,
        differences: [],
      });
      return false;
    }
  }

  #ownPlace(seq: LaneSeq): string {
    return formatPlace(this.#name, seq);
  }
}

function seqAfter(seq: LaneSeq, records: number): LaneSeq {
  return (seq + records) as LaneSeq;
}

/** The one timer that a stage has. */
const SCHEDULE = "schedule";

function nameOfTimer(timer: string): string {
  return timer === SCHEDULE ? "a timer" : `a timer called ${describeValue(timer)}`;
}
