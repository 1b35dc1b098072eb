import type { EndKind, LogRecord } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SourceDefinition } from "../definition/flow-definition.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { SourceLatency } from "../metrics/source-latency.ts";
import { Intake } from "./intake.ts";
import { contract } from "./contract-record.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault } from "./stage-fault.ts";
import { sourceMachine, type ResourceAction, type SourceEvent, type SourceState } from "./stage-machine.ts";
import { violation } from "./input-contracts.ts";

type Directive = EventLoopDirective<SourceEvent>;

/** Reads items from outside and puts them on record. */
export class SourceStage implements HandlerSupervised<SourceState, SourceEvent, ResourceAction> {
  readonly machine: Machine<SourceState, SourceEvent, ResourceAction>;
  readonly #definition: SourceDefinition;
  readonly #context: StageContext;
  readonly #latency: SourceLatency;
  #intake: Intake | undefined;

  constructor(definition: SourceDefinition, context: StageContext, latency: SourceLatency) {
    this.machine = sourceMachine(definition.name);
    this.#definition = definition;
    this.#context = context;
    this.#latency = latency;
  }

  dispatch(state: SourceState): Directive | Promise<Directive> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "initialized":
        return { kind: "transition", event: { kind: "arm" } };
      case "running":
        return this.#run();
      case "paused":
        return this.#context.wake.wait().then(goOn);
      case "draining":
        return this.#drain(state.end);
      case "waiting-for-gun":
      case "drained":
      case "failed":
      case "cancelled":
        return { kind: "continue" };
    }
  }

  async perform(action: ResourceAction): Promise<void> {
    if (action.kind === "release") return this.abandon();
    try {
      await this.#context.outside.call(async () => {
        this.#intake = new Intake(await this.#definition.open(), this.#context.wake);
      });
    } catch (cause) {
      throw this.#threw(cause);
    }
  }

  recorded(frame: RecordedFrame): void | Promise<void> {
    return this.#context.pass(frame);
  }

  abandon(): Promise<void> {
    return this.#context.outside.last(() => this.#intake?.close());
  }

  failure(cause: unknown): SourceEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  /** A stage that fails leaves its readers an end that says so. */
  alongside(event: SourceEvent): readonly LogRecord[] {
    return event.kind === "fail" ? [this.#context.end("poison", [this.#definition.type])] : [];
  }

  externalEvents(state: SourceState): ExternalEventPolicy {
    return state.kind === "waiting-for-gun" ? "block" : "poll";
  }

  channelClosed(): SourceEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  #run(): Directive | Promise<Directive> {
    const waiting = this.#context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    const intake = this.#intake as Intake;
    const items = intake.take(Math.min(this.#context.stepInputs, this.#context.room));
    if (items.length > 0) return this.#record(items)?.then(goOn) ?? { kind: "continue" };
    switch (intake.state.kind) {
      case "open":
        return this.#context.wake.wait().then(goOn);
      case "ended":
        return { kind: "transition", event: { kind: "exhausted" } };
      case "threw":
        throw this.#threw(intake.state.cause);
    }
  }

  /** What was read before the drain began is not lost; nothing more is read. */
  #drain(end: EndKind): Directive | Promise<Directive> {
    const context = this.#context;
    const waiting = context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    const items = this.#intake?.takeRead(Math.min(context.stepInputs, context.room)) ?? [];
    if (items.length > 0) return this.#record(items)?.then(goOn) ?? { kind: "continue" };
    if (this.#intake?.state.kind === "threw") throw this.#threw(this.#intake.state.cause);
    const { lane, type, expected } = this.#definition;
    const records: LogRecord[] = [];
    const mode = context.contractMode({ contract: "source", upstream: lane });
    if (expected !== undefined && end === "natural" && mode !== "off") {
      const declared = contract("source", lane, expected, context.writer.dataRecords);
      records.push(declared);
      context.judgeOutputs(declared);
      const failure = violation(context, [declared]);
      if (failure !== undefined) {
        return { kind: "transition", event: this.failure(failure), records: [declared, context.end("poison", [type])] };
      }
    }
    return { kind: "transition", event: { kind: "drained" }, records: [...records, context.end(end, [type])] };
  }

  #record(items: readonly unknown[]): void | Promise<void> {
    const { type, lane } = this.#definition;
    const { writer, clock, counters } = this.#context;
    const first = writer.nextSeq;
    const records = items.map((payload, index): LogRecord => {
      const originSeq = (first + index) as typeof first;
      return { kind: "data", type, cause: undefined, originLane: lane, originSeq, payload };
    });
    const timeMs = clock.now();
    counters.in += items.length;
    this.#latency.written(lane, first, items.length, timeMs);
    try {
      return this.#context.append(records, timeMs);
    } catch (cause) {
      if (!(cause instanceof LogFailure) || cause.fault.kind !== "unstorable") throw cause;
      return this.#refuse(records.slice(0, cause.fault.record), `${cause.fault.detail} at ${cause.fault.path}`, timeMs);
    }
  }

  /** Fails for an item that cannot be stored, and keeps the items before it. */
  async #refuse(kept: readonly LogRecord[], why: string, timeMs: number): Promise<never> {
    if (kept.length > 0) await this.#context.append(kept, timeMs);
    const item = this.#context.writer.dataRecords;
    const message = `item ${item} of the source, counted from 0, cannot be stored: ${why}`;
    throw new StageFailure({ code: "payload-refused", stage: this.#context.name, message });
  }

  #threw(cause: unknown): StageFailure {
    return new StageFailure(thrownFault("source-threw", this.#context.name, cause));
  }
}

const goOn = (): Directive => ({ kind: "continue" });
