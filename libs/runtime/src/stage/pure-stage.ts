import type { ContractRecord, DataRecord, EndKind, LaneId, LaneSeq, LogRecord } from "@refold/core";
import type { Machine } from "@refold/fsm";

import { errorsFrom, type EffectfulDefinition, type PureDefinition } from "../definition/flow-definition.ts";
import type { StageInputs } from "../edge/input-set.ts";
import { InputContext } from "../step/input-context.ts";
import { JoinMissed } from "../step/join-missed.ts";
import type { StageState } from "../snapshot/run-state.ts";
import type { StageProgram } from "../step/stage-program.ts";
import { HandlerThrew, StepRecorder } from "../step/step-recorder.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault, type StageFault } from "./stage-fault.ts";
import { inputContracts, violation } from "./input-contracts.ts";
import type { ResourceAction } from "./stage-machine.ts";
import { pureMachine, type PureStageEvent, type PureState } from "./pure-machine.ts";

type Directive = EventLoopDirective<PureStageEvent>;

/** A program with the state that the record gave it, and what it had no credit for. */
export interface RecoveredProgram {
  readonly step: StepRecorder;
  readonly parked: readonly LogRecord[];
}

export interface PureStageOptions {
  readonly definition: PureDefinition | EffectfulDefinition;
  readonly context: StageContext;
  readonly inputs: StageInputs;
  readonly program: StageProgram;
  readonly recovered: RecoveredProgram | undefined;
  /** Gives up what the stage holds of the outside. */
  readonly release?: () => Promise<void>;
}

/** Runs a program, step by step: takes inputs, runs the handler on each, and puts inputs and outputs on record at once. */
export class PureStage implements HandlerSupervised<PureState, PureStageEvent, ResourceAction> {
  readonly machine: Machine<PureState, PureStageEvent, ResourceAction>;
  readonly #definition: PureDefinition | EffectfulDefinition;
  readonly #context: StageContext;
  readonly #inputs: StageInputs;
  readonly #step: StepRecorder;
  readonly #release: (() => Promise<void>) | undefined;
  /** Whether its references are read to their end before its stream. */
  readonly #hydrates: boolean;
  /** Outputs of the last step for which no reader had credit. */
  #parked: LogRecord[] = [];

  constructor({ definition, context, inputs, program, recovered, release }: PureStageOptions) {
    const { name, lane, types, kind, inputs: reads } = definition;
    this.machine = pureMachine(definition);
    this.#definition = definition;
    this.#context = context;
    this.#inputs = inputs;
    this.#release = release;
    this.#hydrates = definition.kind === "join" && definition.hydrates;
    this.#parked = [...(recovered?.parked ?? [])];
    this.#step =
      recovered?.step ??
      new StepRecorder({
        program,
        context: new InputContext(context.manifest.rootRunId, name),
        lane,
        types,
        errorsFrom: errorsFrom(kind, reads),
        loop: context.loop,
        frozen: context.freeze,
      });
    if (this.#isOpen) inputs.reopen();
  }

  /** What the stage has come to, between two steps. */
  get settled(): StageState | undefined {
    if (this.#isOpen || this.#context.isAppending || !this.#inputs.isSettled) return undefined;
    return { unread: this.#inputs.unread, step: this.#step.state };
  }

  /** Whether outputs of the last step are not on record yet. */
  get #isOpen(): boolean {
    return this.#parked.length > 0 || this.#step.hasMore;
  }

  dispatch(state: PureState): Directive | Promise<Directive> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "hydrating":
        return this.#inputs.hydrated && !this.#isOpen
          ? { kind: "transition", event: { kind: "hydrated" } }
          : this.#work();
      case "accumulating":
        return this.#isOpen ? { kind: "transition", event: { kind: "emission-begun" } } : this.#work();
      case "emitting":
        return this.#isOpen ? this.#work() : { kind: "transition", event: { kind: "emitted" } };
      case "running":
      case "enriching":
      case "live":
        return this.#work();
      case "draining":
        return this.#drain(state.end);
      case "initialized":
      case "drained":
      case "failed":
      case "cancelled":
        return { kind: "continue" };
    }
  }

  perform(): void | Promise<void> {
    return this.#release?.();
  }

  abandon(): void | Promise<void> {
    return this.#release?.();
  }

  recorded(frame: RecordedFrame): void | Promise<void> {
    return this.#context.pass(frame);
  }

  failure(cause: unknown): PureStageEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  /** A stage that fails leaves its readers an end that says so. */
  alongside(event: PureStageEvent): readonly LogRecord[] {
    return event.kind === "fail" ? [this.#context.end("poison", this.#definition.types)] : [];
  }

  externalEvents(state: PureState): ExternalEventPolicy {
    return state.kind === "initialized" ? "block" : "poll";
  }

  channelClosed(): PureStageEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  /** One step, if there is input, credit, and room in the log; else waits for them. */
  #work(): Directive | Promise<Directive> {
    const waiting = this.#context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    if (this.#isOpen) return this.#goOnStep()?.then(goOn) ?? { kind: "continue" };
    const { end } = this.#inputs;
    if (end !== undefined) return this.#inputsEnded(end);
    const { dueMs } = this.#step;
    if (dueMs !== undefined && this.#context.clock.now() >= dueMs) {
      return this.#fireTimer(dueMs)?.then(goOn) ?? { kind: "continue" };
    }
    if (this.#inputs.empty) return this.#context.waitUntil(dueMs).then(goOn);
    return this.#takeStep()?.then(goOn) ?? { kind: "continue" };
  }

  /** A step of its own: that the timer fired, and what it led to. */
  #fireTimer(dueMs: number): void | Promise<void> {
    const step = this.#step;
    const { room, writer } = this.#context;
    step.begin(Math.min(room, this.#context.stepInputs), seqAfter(writer.nextSeq, 1));
    try {
      step.fire(dueMs);
    } catch (thrown) {
      throw new StageFailure(this.#handlerFault(thrown));
    }
    return this.#record([{ kind: "timer", timer: "schedule", dueMs }, ...step.records]);
  }

  #inputsEnded(end: EndKind): Directive {
    const context = this.#context;
    const contracts = inputContracts(context, this.#inputs);
    const failure = violation(context, contracts);
    if (failure === undefined) return { kind: "transition", event: { kind: "inputs-ended", end }, records: contracts };
    const poison = context.end("poison", this.#definition.types);
    return { kind: "transition", event: this.failure(failure), records: [...contracts, poison] };
  }

  #takeStep(): void | Promise<void> {
    const step = this.#step;
    const context = this.#context;
    const { room, counters } = context;
    const begunMs = context.clock.now();
    step.begin(room, seqAfter(context.writer.nextSeq, 1));
    let failure: StageFault | undefined;
    const goesOn = (): boolean => step.records.length < room && !step.hasMore;
    try {
      this.#inputs.take(
        context.stepInputs,
        (record, lane, seq, timeMs) => {
          if (record.kind === "error") {
            step.passOn(record, lane, seq);
            return step.records.length < room;
          }
          failure = context.schemaFault(lane, seq, record);
          if (failure !== undefined) throw new StageFailure(failure);
          try {
            step.take(record, lane, seq, timeMs);
          } catch (thrown) {
            failure = this.#handlerFault(thrown, lane, seq);
            throw thrown;
          }
          return goesOn();
        },
        (lane, _seq, { end }) => {
          try {
            step.ended(lane, end);
          } catch (thrown) {
            failure = this.#handlerFault(thrown, lane);
            throw thrown;
          }
          // Nothing of the stream is taken in a step in which a join was still hydrating.
          return goesOn() && !(this.#hydrates && this.#inputs.hydrated);
        },
      );
    } catch (thrown) {
      // What orders the inputs may throw as well; those before are untouched.
      if (thrown instanceof StageFailure) failure ??= thrown.fault;
      if (failure === undefined) throw thrown;
    }
    const outputs = step.records;
    if (outputs.length > room) this.#parked = outputs.splice(room);
    const diverged = this.#divergence(begunMs);
    const evidence = diverged === undefined ? [] : [diverged];
    const passed = this.#record([{ kind: "consumed", spans: this.#inputs.spans }, ...evidence, ...outputs]);
    counters.in += step.inputs;
    counters.stepMs.record(context.clock.now() - begunMs);
    failure ??= violation(context, evidence)?.fault;
    if (failure !== undefined) return failAfter(passed, failure);
    // Credit goes back only when what came of the inputs has been offered to the readers.
    if (passed !== undefined) return passed.then(() => this.#releaseInputs());
    this.#releaseInputs();
  }

  #divergence(nowMs: number): ContractRecord | undefined {
    const { loop, divergence } = this.#context;
    if (loop === undefined || divergence === undefined) return undefined;
    let cameRound = 0;
    for (let i = 0; i < this.#step.inputs; i++) if (loop.from.has(this.#step.placeOf(i).lane)) cameRound++;
    return divergence.count(this.#step.inputs - cameRound, cameRound, nowMs);
  }

  /** Puts on record what the last step had no credit for. */
  #goOnStep(): void | Promise<void> {
    const step = this.#step;
    const most = Math.min(this.#context.room, this.#context.stepInputs);
    let records = this.#parked.splice(0, most);
    if (records.length === 0) {
      try {
        step.more(most, this.#context.writer.nextSeq);
      } catch (thrown) {
        if (step.inputs === 0) throw new StageFailure(this.#handlerFault(thrown));
        const { lane, seq } = step.placeOf(step.inputs - 1);
        throw new StageFailure(this.#handlerFault(thrown, lane, seq));
      }
      records = step.records;
    }
    const passed = records.length > 0 ? this.#record(records) : undefined;
    if (passed !== undefined) return passed.then(() => this.#releaseInputs());
    this.#releaseInputs();
  }

  /** Gives credit back once all that the inputs led to has been accepted. */
  #releaseInputs(): void {
    const open = this.#isOpen;
    this.#context.counters.inFlight = open ? this.#step.inputs : 0;
    if (!open) this.#inputs.release();
  }

  #drain(end: EndKind): Directive | Promise<Directive> {
    const context = this.#context;
    const done: Directive = {
      kind: "transition",
      event: { kind: "drained" },
      records: [context.end(end, this.#definition.types)],
    };
    // An aggregate of inputs that were cut short would pass for the whole.
    if (end !== "natural") return done;
    const waiting = context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    const step = this.#step;
    const most = Math.min(context.stepInputs, context.room);
    step.begin(most, context.writer.nextSeq);
    let more: boolean;
    try {
      more = step.finish();
    } catch (thrown) {
      // How many outputs a batch holds is chance, so those before the fault go on record whichever batch they are in.
      return failAfter(step.records.length > 0 ? this.#record(step.records) : undefined, this.#handlerFault(thrown));
    }
    if (step.records.length === 0) return more ? { kind: "continue" } : done;
    return this.#record(step.records)?.then(goOn) ?? { kind: "continue" };
  }

  #record(records: readonly LogRecord[]): void | Promise<void> {
    const context = this.#context;
    try {
      return context.append(records, context.clock.now(), this.#passedOnBytes);
    } catch (cause) {
      if (!(cause instanceof LogFailure) || cause.fault.kind !== "unstorable") throw cause;
      return this.#refuse(records, cause.fault.record, `${cause.fault.detail} at ${cause.fault.path}`);
    }
  }

  readonly #passedOnBytes = (records: readonly LogRecord[]): number => {
    let bytes = 0;
    for (const record of records) {
      if (record.kind !== "data" || record.payloadOf === undefined || typeof record.cause !== "number") continue;
      const { lane } = this.#step.placeOf(record.cause);
      bytes += this.#inputs.edges.find(({ from }) => from === lane)?.window.recordBytes ?? 0;
    }
    return bytes;
  };

  /** Fails for an output that cannot be stored, and keeps all that was done before the input that gave it. */
  #refuse(records: readonly LogRecord[], refused: number, why: string): Promise<void> {
    const record = records[refused] as DataRecord;
    const { cause } = record;
    const context = this.#context;
    const fault = {
      code: "payload-refused",
      stage: context.name,
      message: `an output cannot be stored: ${why}`,
    } as const;
    const passed = refused > 0 && records[0]?.kind === "data" ? this.#record(records.slice(0, refused)) : undefined;
    if (typeof cause !== "number") return failAfter(passed, fault);
    const { lane, seq } = this.#step.placeOf(cause);
    const named = { ...fault, input: context.place(lane, seq) };
    // Of an input whose first outputs are on record already, those before the refused one are kept as well.
    if (records[0]?.kind === "data") return failAfter(passed, named);
    const kept = records.slice(
      1,
      records.findIndex((one) => "cause" in one && one.cause === cause),
    );
    const spans = this.#step.spansBefore(cause);
    if (spans.length === 0) return failAfter(undefined, named);
    return failAfter(context.append([{ kind: "consumed", spans }, ...kept], context.clock.now()), named);
  }

  #handlerFault(thrown: unknown, lane?: LaneId, seq?: LaneSeq): StageFault {
    const cause = thrown instanceof HandlerThrew ? thrown.cause : thrown;
    if (cause instanceof StageFailure) return cause.fault;
    const input = lane === undefined || seq === undefined ? undefined : { stage: this.#context.laneName(lane), seq };
    const code = cause instanceof JoinMissed ? "join-missed" : "handler-threw";
    return thrownFault(code, this.#context.name, cause, input);
  }
}

async function failAfter(passed: void | Promise<void>, fault: StageFault): Promise<never> {
  await passed;
  throw new StageFailure(fault);
}

function seqAfter(seq: LaneSeq, records: number): LaneSeq {
  return (seq + records) as LaneSeq;
}

const goOn = (): Directive => ({ kind: "continue" });
