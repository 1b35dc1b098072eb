import type { LogRecord } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SourceDefinition } from "../definition/flow-definition.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import { Intake } from "./intake.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault } from "./stage-fault.ts";
import { sourceMachine, type ResourceAction, type SourceEvent, type SourceState } from "./stage-machine.ts";

const STEP_ITEMS = 256;

/** Reads items from outside and puts them on record. */
export class SourceStage implements HandlerSupervised<SourceState, SourceEvent, ResourceAction> {
  readonly machine: Machine<SourceState, SourceEvent, ResourceAction>;
  readonly #definition: SourceDefinition;
  readonly #context: StageContext;
  #intake: Intake | undefined;

  constructor(definition: SourceDefinition, context: StageContext) {
    this.machine = sourceMachine(definition.name);
    this.#definition = definition;
    this.#context = context;
  }

  dispatch(state: SourceState): EventLoopDirective<SourceEvent> | Promise<EventLoopDirective<SourceEvent>> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "initialized":
        return { kind: "transition", event: { kind: "arm" } };
      case "running":
        return this.#run();
      case "draining": {
        const end = this.#context.end("natural", this.#definition.type);
        return { kind: "transition", event: { kind: "drained" }, records: [end] };
      }
      case "waiting-for-gun":
      case "drained":
      case "failed":
      case "cancelled":
        return { kind: "continue" };
    }
  }

  async perform(action: ResourceAction): Promise<void> {
    if (action.kind === "release") {
      await this.#intake?.close();
      return;
    }
    try {
      this.#intake = new Intake(await this.#definition.open(), this.#context.wake);
    } catch (cause) {
      throw this.#threw(cause);
    }
  }

  recorded(frame: RecordedFrame): void | Promise<void> {
    return this.#context.pass(frame);
  }

  async abandon(): Promise<void> {
    await this.#intake?.close();
  }

  failure(cause: unknown): SourceEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  externalEvents(state: SourceState): ExternalEventPolicy {
    return state.kind === "waiting-for-gun" ? "block" : "poll";
  }

  channelClosed(): SourceEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  #run(): EventLoopDirective<SourceEvent> | Promise<EventLoopDirective<SourceEvent>> {
    const intake = this.#intake as Intake;
    const room = this.#context.log.room();
    if (room !== undefined) return room.then(goOn);
    const credit = Math.min(STEP_ITEMS, this.#context.room);
    if (credit <= 0) return this.#context.wake.wait().then(goOn);
    const items = intake.take(credit);
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

  #record(items: readonly unknown[]): void | Promise<void> {
    const { type, lane } = this.#definition;
    const { writer, clock, counters } = this.#context;
    const first = writer.nextSeq;
    const records = items.map((payload, index): LogRecord => {
      const originSeq = (first + index) as typeof first;
      return { kind: "data", type, cause: undefined, originLane: lane, originSeq, payload };
    });
    counters.in += items.length;
    const timeMs = clock.now();
    try {
      const passed = this.#context.append(records, timeMs);
      counters.out += items.length;
      return passed;
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

const goOn = (): EventLoopDirective<SourceEvent> => ({ kind: "continue" });
