import type {
  Cause,
  DataRecord,
  EndKind,
  ErrorKind,
  ErrorRecord,
  LaneId,
  LaneSeq,
  LogRecord,
  Span,
  TypeId,
} from "@refold/core";

import { isRejectedInput } from "../edge/record-view.ts";
import { addToSpans } from "./spans.ts";
import { isDeeplyFrozen } from "./deep-freeze.ts";
import type { InputContext } from "./input-context.ts";
import type { LoopEntry } from "./loop-entry.ts";
import type { Outputs, StageProgram } from "./stage-program.ts";
import { MAX_EMITTED, TooManyOutputs } from "./too-many-outputs.ts";
import { TracedOutput } from "./traced-output.ts";

/** A handler threw at an input. What earlier inputs of the step gave is untouched. */
export class HandlerThrew {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** What a program has come to between two steps. */
export interface StepState {
  /** Every input taken so far, one span for each upstream lane. */
  readonly seen: readonly Span[];
  /** What handlers were told last. */
  readonly now: number;
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  readonly program: unknown;
}

/** Runs a program over the inputs of a step and gathers its outputs as records. */
export class StepRecorder implements Outputs {
  /** The outputs of the step under way. */
  records: LogRecord[] = [];
  /** Where the inputs that the step has taken stand, by their index. */
  readonly #lanes: LaneId[] = [];
  readonly #seqs: LaneSeq[] = [];
  /** Errors that the step was handed, each before the input of an index. */
  #errors: { readonly before: number; readonly lane: LaneId; readonly seq: LaneSeq }[] = [];
  /** Every input taken so far in the whole run, one span for each upstream lane. */
  readonly #seen: Map<LaneId, { first: LaneSeq; last: LaneSeq }> = new Map();
  readonly #program: StageProgram;
  readonly #context: InputContext;
  readonly #lane: LaneId;
  readonly #types: readonly TypeId[];
  readonly #errorsFrom: ReadonlySet<LaneId>;
  readonly #loop: LoopEntry | undefined;
  readonly #frozen: boolean;
  readonly #passesOn: boolean;
  /** The seq of the first output of the step under way. */
  #firstSeq: LaneSeq = 0 as LaneSeq;
  #cause: Cause = undefined;
  #record: DataRecord | undefined;
  #originLane: LaneId;
  #originSeq: LaneSeq = 0 as LaneSeq;
  #seenLane: LaneId | undefined;
  #seenSpan: { first: LaneSeq; last: LaneSeq } | undefined;
  #hops = 0;
  #limit = Number.POSITIVE_INFINITY;
  /** How many records there are when the input at hand has emitted all that it may. */
  #most = MAX_EMITTED;
  /** That it emitted more stands, whatever its handler makes of it. */
  #tooMany: TooManyOutputs | undefined;
  /** What the last input has left to emit, and what is left to emit after all inputs. */
  #rest: Iterator<unknown> | undefined;
  #tail: Iterator<unknown> | undefined;

  constructor(options: {
    readonly program: StageProgram;
    readonly context: InputContext;
    readonly lane: LaneId;
    /** The types of the stage's outputs, by port. */
    readonly types: readonly TypeId[];
    /** The upstream lanes whose errors that stay in band go on to the readers; others are only taken. */
    readonly errorsFrom: ReadonlySet<LaneId>;
    /** Set for the stage at which a cycle is entered. */
    readonly loop?: LoopEntry | undefined;
    /** Whether payloads are frozen before they come here, as far as they can be. */
    readonly frozen?: boolean;
    /** Whether inputs have the payloads that are on record: true, unless it is given. */
    readonly passesOn?: boolean;
  }) {
    this.#program = options.program;
    this.#context = options.context;
    this.#lane = options.lane;
    this.#types = options.types;
    this.#errorsFrom = options.errorsFrom;
    this.#loop = options.loop;
    this.#frozen = options.frozen ?? false;
    this.#passesOn = options.passesOn ?? true;
    this.#originLane = options.lane;
  }

  /**
   * Begins a step with nothing taken and nothing emitted. Iterators are taken until there are `limit` outputs; the first output
   * will stand at `firstSeq` of the lane.
   */
  begin(limit: number, firstSeq: LaneSeq): void {
    this.records = [];
    this.#limit = limit;
    this.#firstSeq = firstSeq;
    this.#lanes.length = 0;
    this.#seqs.length = 0;
    if (this.#errors.length > 0) this.#errors = [];
  }

  /** Of a step that has nothing more to give. */
  get state(): StepState {
    const { now, lane, seq } = this.#context;
    return { seen: this.#allSeen(), now, lane, seq, program: this.#program.snapshot?.() };
  }

  /** Goes on from a state. Called before anything else, or never. */
  restore({ seen, now, lane, seq, program }: StepState): void {
    for (const { lane: from, first, last } of seen) this.#seen.set(from, { first, last });
    this.#context.moveTo(lane, seq, now);
    this.#program.restore?.(program);
  }

  /** Whether inputs of a lane come to nothing now, see {@link StageProgram.passesBy}. */
  passesBy(lane: LaneId): boolean {
    return this.#program.passesBy?.(lane) === true;
  }

  /** How many inputs the step has taken. */
  get inputs(): number {
    return this.#seqs.length;
  }

  /** Where an input of the step stands. */
  placeOf(input: number): { readonly lane: LaneId; readonly seq: LaneSeq } {
    return { lane: this.#lanes[input] as LaneId, seq: this.#seqs[input] as LaneSeq };
  }

  /** The inputs of the step before the one of this index. */
  spansBefore(input: number): Span[] {
    const spans: Span[] = [];
    for (let i = 0; i <= input; i++) {
      for (const { before, lane, seq } of this.#errors) if (before === i) addToSpans(spans, lane, seq);
      if (i < input) addToSpans(spans, this.#lanes[i] as LaneId, this.#seqs[i] as LaneSeq);
    }
    return spans;
  }

  /** Whether the last input may have more outputs. */
  get hasMore(): boolean {
    return this.#rest !== undefined;
  }

  /** Runs the handler on one input. Throws {@link HandlerThrew}, and then has taken nothing. */
  take(record: DataRecord, lane: LaneId, seq: LaneSeq, timeMs: number): void {
    const emitted = this.records.length;
    const input = this.#seqs.length;
    this.#cause = input;
    this.#record = record;
    this.#originLane = record.originLane;
    this.#originSeq = record.originSeq;
    this.#hops = (record.hops ?? 0) + (this.#loop?.from.has(lane) === true ? 1 : 0);
    this.#context.moveTo(lane, seq, timeMs);
    this.#see(lane, seq);
    this.#most = emitted + MAX_EMITTED;
    try {
      if (this.#loop !== undefined && this.#hops > this.#loop.depth) this.#rejectForDepth(this.#loop.depth);
      else this.#rest = this.#program.accept(record.payload, this.#context, this);
      if (this.#tooMany !== undefined) throw this.#tooMany;
      if (this.#rest !== undefined) this.#pull(this.#rest, this.#limit);
    } catch (cause) {
      this.#rest = undefined;
      this.records.length = emitted;
      throw new HandlerThrew(cause);
    }
    this.skip(lane, seq);
  }

  /** Takes in that an upstream lane has ended. Throws {@link HandlerThrew}. */
  ended(lane: LaneId, end: EndKind): void {
    if (this.#program.ended === undefined) return;
    this.#aggregates(() => this.#program.ended?.(lane, this, end));
  }

  /** When the program wants its timer to fire. */
  get dueMs(): number | undefined {
    return this.#program.dueMs;
  }

  /** Has the timer fire that was due at `dueMs`. Throws {@link HandlerThrew}. */
  fire(dueMs: number): void {
    this.#context.now = dueMs;
    this.#aggregates(() => this.#program.fire?.(this.#context));
  }

  /** Takes all that the last input has left, before the next one. Throws {@link HandlerThrew}. */
  drain(): void {
    this.#takeRest(Number.POSITIVE_INFINITY);
  }

  /** Goes on with the outputs of the last input, up to `limit` of them, from `firstSeq` on. Throws {@link HandlerThrew}. */
  more(limit: number, firstSeq: LaneSeq): void {
    this.records = [];
    this.#firstSeq = firstSeq;
    this.#takeRest(limit);
  }

  /** Counts an input without running the handler on it. */
  skip(lane: LaneId, seq: LaneSeq): void {
    this.#lanes.push(lane);
    this.#seqs.push(seq);
  }

  emit(payload: unknown, port: number = 0): void {
    if (this.records.length >= this.#most) throw (this.#tooMany = new TooManyOutputs(MAX_EMITTED));
    this.#emitOne(payload, port);
  }

  #emitOne(payload: unknown, port: number): void {
    // A handler that gives its input back may have changed it, unless nobody can.
    if (this.#frozen && payload === this.#record?.payload && isDeeplyFrozen(payload)) this.#passOn(payload, port);
    else this.#put(payload, port);
  }

  forward(): void {
    this.#passOn(this.#record?.payload, 0);
  }

  /** Emits the payload of the input at hand: stored as a reference, where it is worth one and has a record that holds it. */
  #passOn(payload: unknown, port: number): void {
    const record = this.#record;
    const isHeld = this.#passesOn && record !== undefined && this.#hops === 0 && !isRejectedInput(record);
    if (!isHeld || typeof payload !== "object" || payload === null) {
      this.#put(payload, port);
      return;
    }
    const { lane, seq } = this.#context;
    this.records.push({
      kind: "data",
      type: this.#types[port] as TypeId,
      cause: this.#cause,
      originLane: this.#originLane,
      originSeq: this.#originSeq,
      payload,
      payloadOf: record.payloadOf ?? { lane, seq },
    });
  }

  #put(payload: unknown, port: number): void {
    const record: DataRecord = {
      kind: "data",
      type: this.#types[port] as TypeId,
      cause: this.#cause,
      originLane: this.#originLane,
      originSeq: this.#originSeq,
      payload,
    };
    this.records.push(this.#hops === 0 ? record : { ...record, hops: this.#hops });
  }

  watermark(eventTimeMs: number): void {
    this.records.push({ kind: "watermark", eventTimeMs });
  }

  reject(error: ErrorKind, message: string): void {
    this.records.push({
      kind: "error",
      error,
      message,
      cause: this.#cause,
      originLane: this.#originLane,
      originSeq: this.#originSeq,
      input: this.#record?.payload,
    });
  }

  /**
   * Hands an error of an input on to those after this stage, unless it comes from where the stage leaves errors out. No handler
   * sees it.
   */
  passOn(record: ErrorRecord, lane: LaneId, seq: LaneSeq): void {
    this.#errors.push({ before: this.#seqs.length, lane, seq });
    if (this.#errorsFrom.has(lane)) {
      this.records.push({ ...record, cause: [{ lane, first: seq, last: seq }], input: undefined });
    }
  }

  /**
   * Emits what is left after the last input, up to the limit of the step. Returns whether there may be more. Throws
   * {@link HandlerThrew}.
   */
  finish(): boolean {
    try {
      this.#tail ??= this.#program.finish(this.#context)[Symbol.iterator]();
      while (this.records.length < this.#limit) {
        const next = this.#tail.next();
        if (next.done === true) return false;
        this.#emitAggregate(next.value);
      }
      return true;
    } catch (cause) {
      throw new HandlerThrew(cause);
    }
  }

  /** Takes what a program gives that comes of no single input. */
  #aggregates(give: () => Iterator<unknown> | undefined): void {
    try {
      const given = give();
      if (given === undefined) return;
      this.#rest = aggregatesOf(given);
      this.#pull(this.#rest, this.#limit);
    } catch (cause) {
      this.#rest = undefined;
      throw new HandlerThrew(cause);
    }
  }

  #emitGiven(given: unknown): void {
    if (!(given instanceof TracedOutput)) this.#emitOne(given, 0);
    else if (given.isRoot) this.#emitAggregate(given);
    else this.records.push(this.#traced(given, given.causes, this.#originLane, this.#originSeq));
  }

  #emitAggregate(given: unknown): void {
    const traced = given instanceof TracedOutput ? given : TracedOutput.aggregate(given);
    const seq = (this.#firstSeq + this.records.length) as LaneSeq;
    this.records.push(this.#traced(traced, traced.causes ?? this.#allSeen(), this.#lane, seq));
  }

  #traced({ payload, port }: TracedOutput, cause: Cause, originLane: LaneId, originSeq: LaneSeq): DataRecord {
    return { kind: "data", type: this.#types[port] as TypeId, cause, originLane, originSeq, payload };
  }

  #allSeen(): readonly Span[] {
    return [...this.#seen].map(([lane, { first, last }]) => ({ lane, first, last }));
  }

  #rejectForDepth(depth: number): void {
    this.#rest = undefined;
    this.reject("permanent", `it has come round the cycle more than ${depth} times`);
  }

  #takeRest(limit: number): void {
    if (this.#rest === undefined) return;
    try {
      this.#pull(this.#rest, limit);
    } catch (cause) {
      this.#rest = undefined;
      throw new HandlerThrew(cause);
    }
  }

  #pull(rest: Iterator<unknown>, limit: number): void {
    while (this.records.length < limit) {
      const next = rest.next();
      if (next.done === true) {
        this.#rest = undefined;
        return;
      }
      this.#emitGiven(next.value);
    }
  }

  #see(lane: LaneId, seq: LaneSeq): void {
    if (lane !== this.#seenLane) {
      this.#seenLane = lane;
      this.#seenSpan = this.#seen.get(lane);
      if (this.#seenSpan === undefined) this.#seen.set(lane, (this.#seenSpan = { first: seq, last: seq }));
    }
    (this.#seenSpan as { last: LaneSeq }).last = seq;
  }
}

/** Marks bare payloads as aggregates. */
function* aggregatesOf(given: Iterator<unknown>): Generator<TracedOutput> {
  for (let next = given.next(); next.done !== true; next = given.next()) {
    yield next.value instanceof TracedOutput ? next.value : TracedOutput.aggregate(next.value);
  }
}
