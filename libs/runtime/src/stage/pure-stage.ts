import { formatPlace, type DataRecord, type EndKind, type LaneId, type LaneSeq, type LogRecord } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { PureDefinition } from "../definition/flow-definition.ts";
import type { InputSet } from "../edge/input-set.ts";
import { InputContext } from "../step/input-context.ts";
import { HandlerThrew, StepRecorder } from "../step/step-recorder.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault, type StageFault } from "./stage-fault.ts";
import {
  statefulMachine,
  transformMachine,
  type PureEvent,
  type StatefulState,
  type TransformState,
} from "./stage-machine.ts";

const STEP_INPUTS = 256;

type PureState = TransformState | StatefulState;
type Directive = EventLoopDirective<PureEvent>;

/** Runs a pure program, step by step: takes inputs, runs the handler on each, and puts inputs and outputs on record at once. */
export class PureStage implements HandlerSupervised<PureState, PureEvent, never> {
  readonly machine: Machine<PureState, PureEvent>;
  readonly #definition: PureDefinition;
  readonly #context: StageContext;
  readonly #inputs: InputSet;
  readonly #step: StepRecorder;
  readonly #laneName: (lane: LaneId) => string;

  constructor(definition: PureDefinition, context: StageContext, inputs: InputSet) {
    const { name, lane, type, kind } = definition;
    // Both machines answer every state that they themselves reach.
    this.machine = kind === "transform" ? transformMachine(name) : statefulMachine(name);
    this.#definition = definition;
    this.#context = context;
    this.#inputs = inputs;
    this.#laneName = (id) => context.manifest.lanes[id] ?? String(id);
    this.#step = new StepRecorder({
      program: definition.program(),
      context: new InputContext(context.manifest.rootRunId, name),
      lane,
      type,
    });
  }

  dispatch(state: PureState): Directive | Promise<Directive> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "running":
      case "accumulating":
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

  perform(): void {}

  recorded(frame: RecordedFrame): void | Promise<void> {
    return this.#context.pass(frame);
  }

  failure(cause: unknown): PureEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  externalEvents(state: PureState): ExternalEventPolicy {
    return state.kind === "initialized" ? "block" : "poll";
  }

  channelClosed(): PureEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  /** One step, if there is input, credit, and room in the log; else waits for them. */
  #work(): Directive | Promise<Directive> {
    const { end } = this.#inputs;
    if (end !== undefined) return { kind: "transition", event: { kind: "inputs-ended", end } };
    const waiting = this.#waitForRoom();
    if (waiting !== undefined) return waiting;
    if (this.#inputs.empty) return this.#context.wake.wait().then(goOn);
    return this.#takeStep()?.then(goOn) ?? { kind: "continue" };
  }

  #takeStep(): void | Promise<void> {
    const step = this.#step;
    const outputs = this.#context.room;
    step.begin();
    let failure: StageFault | undefined;
    try {
      this.#inputs.take(STEP_INPUTS, (record, lane, seq, timeMs) => {
        try {
          step.take(record, lane, seq, timeMs);
        } catch (thrown) {
          failure = this.#handlerFault(thrown, lane, seq);
          throw thrown;
        }
        return step.records.length < outputs;
      });
    } catch (thrown) {
      if (failure === undefined) throw thrown;
    }
    const passed = this.#record([{ kind: "consumed", spans: this.#inputs.spans }, ...step.records]);
    this.#context.counters.in += step.inputs;
    this.#inputs.release();
    return failure === undefined ? passed : failAfter(passed, failure);
  }

  #drain(end: EndKind): Directive | Promise<Directive> {
    const done: Directive = {
      kind: "transition",
      event: { kind: "drained" },
      records: [this.#context.end(end, this.#definition.type)],
    };
    // An aggregate of inputs that were cut short would pass for the whole.
    if (end !== "natural") return done;
    const waiting = this.#waitForRoom();
    if (waiting !== undefined) return waiting;
    const step = this.#step;
    step.begin();
    let more: boolean;
    try {
      more = step.finish(Math.min(STEP_INPUTS, this.#context.room), this.#context.writer.nextSeq);
    } catch (thrown) {
      throw new StageFailure(this.#handlerFault(thrown));
    }
    if (step.records.length === 0) return more ? { kind: "continue" } : done;
    return this.#record(step.records)?.then(goOn) ?? { kind: "continue" };
  }

  #waitForRoom(): Promise<Directive> | undefined {
    const room = this.#context.log.room();
    if (room !== undefined) return room.then(goOn);
    return this.#context.room <= 0 ? this.#context.wake.wait().then(goOn) : undefined;
  }

  #record(records: readonly LogRecord[]): void | Promise<void> {
    const context = this.#context;
    try {
      const before = context.writer.dataRecords;
      const passed = context.append(records, context.clock.now());
      context.counters.out += context.writer.dataRecords - before;
      return passed;
    } catch (cause) {
      if (!(cause instanceof LogFailure) || cause.fault.kind !== "unstorable") throw cause;
      return this.#refuse(records, cause.fault.record, `${cause.fault.detail} at ${cause.fault.path}`);
    }
  }

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
    if (typeof cause !== "number")
      return failAfter(context.append(records.slice(0, refused), context.clock.now()), fault);
    const kept = records.filter((one) => one.kind === "data" && (one.cause as number) < cause);
    const spans = this.#step.spansBefore(cause);
    const passed =
      spans.length === 0 ? undefined : context.append([{ kind: "consumed", spans }, ...kept], context.clock.now());
    const { lane, seq } = this.#step.placeOf(cause);
    return failAfter(passed, { ...fault, input: formatPlace(this.#laneName(lane), seq) });
  }

  #handlerFault(thrown: unknown, lane?: LaneId, seq?: LaneSeq): StageFault {
    const cause = thrown instanceof HandlerThrew ? thrown.cause : thrown;
    const input = lane === undefined || seq === undefined ? undefined : { stage: this.#laneName(lane), seq };
    return thrownFault("handler-threw", this.#context.name, cause, input);
  }
}

async function failAfter(passed: void | Promise<void>, fault: StageFault): Promise<never> {
  await passed;
  throw new StageFailure(fault);
}

const goOn = (): Directive => ({ kind: "continue" });
