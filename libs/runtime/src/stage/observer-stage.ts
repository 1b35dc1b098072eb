import { formatPlace, type LaneSeq, type LogRecord } from "@refold/core";
import type { Logger } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { ObserverDefinition } from "../definition/flow-definition.ts";
import type { Edge } from "../edge/edge.ts";
import type { InputSet } from "../edge/input-set.ts";
import { copied } from "../step/copied.ts";
import { deepFreeze, isDeeplyFrozen } from "../step/deep-freeze.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { StageState } from "../snapshot/run-state.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { Observed, ObserverHandlers } from "./observer-handlers.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, thrownFault, type StageFault } from "./stage-fault.ts";
import { observerMachine, type ObserverEvent, type ObserverState } from "./stage-machine.ts";

type Directive = EventLoopDirective<ObserverEvent>;

/**
 * Looks on: takes a frame at a time from its edges, as they come, and gives its credit back at once. It puts nothing on record
 * but its own lifecycle. Its handlers get copies of what others read as well, so that what they do to them nobody sees. One that
 * throws is quarantined: it reads on to the end, so that nobody waits for it, and sees nothing.
 */
export class ObserverStage implements HandlerSupervised<ObserverState, ObserverEvent, never> {
  readonly machine: Machine<ObserverState, ObserverEvent>;
  readonly #handlers: ObserverHandlers;
  readonly #context: StageContext;
  readonly #inputs: InputSet;
  readonly #logger: Logger | undefined;
  #turn = 0;

  constructor(
    { name, handlers }: ObserverDefinition,
    context: StageContext,
    inputs: InputSet,
    logger: Logger | undefined,
  ) {
    this.machine = observerMachine(name);
    this.#handlers = handlers;
    this.#context = context;
    this.#inputs = inputs;
    this.#logger = logger;
  }

  /** What an observer has seen is not on record. */
  get settled(): StageState {
    return { unread: [] };
  }

  dispatch(state: ObserverState): Directive | Promise<Directive> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "running":
      case "quarantined":
        return this.#work(state.kind === "running");
      case "draining":
        return { kind: "transition", event: { kind: "drained" } };
      case "initialized":
      case "drained":
      case "failed":
      case "cancelled":
        return { kind: "continue" };
    }
  }

  perform(): void {}

  failure(cause: unknown): ObserverEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  externalEvents(state: ObserverState): ExternalEventPolicy {
    return state.kind === "initialized" ? "block" : "poll";
  }

  channelClosed(): ObserverEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  #work(sees: boolean): Directive | Promise<Directive> {
    const edge = this.#nextEdge();
    if (edge !== undefined) return this.#takeFrame(edge, sees);
    const { end } = this.#inputs;
    if (end !== undefined) return { kind: "transition", event: { kind: "inputs-ended", end } };
    return this.#context.wake.wait().then(() => ({ kind: "continue" }));
  }

  /** Edges in turn, so that none starves. */
  #nextEdge(): Edge | undefined {
    const { edges } = this.#inputs;
    for (let tried = 0; tried < edges.length; tried++) {
      const edge = edges[this.#turn] as Edge;
      this.#turn = (this.#turn + 1) % edges.length;
      if (edge.head !== undefined) return edge;
    }
    return undefined;
  }

  #takeFrame(edge: Edge, sees: boolean): Directive {
    const { clock, counters } = this.#context;
    const frame = edge.head as RecordedFrame;
    const begunMs = clock.now();
    let fault: StageFault | undefined;
    let taken = 0;
    for (const [index, record] of frame.records.entries()) {
      if (record.kind === "end") edge.ended = record;
      if (!edge.wants(record)) continue;
      taken++;
      if (!sees || fault !== undefined) continue;
      try {
        this.#show(record, edge, new Sight(this.#context.laneName(frame.lane), frame, index));
      } catch (cause) {
        const seq = (frame.firstSeq + index) as LaneSeq;
        const input = { stage: this.#context.laneName(frame.lane), seq };
        fault = thrownFault("handler-threw", this.#context.name, cause, input);
      }
    }
    edge.next();
    if (taken > 0) edge.release(taken);
    counters.stepMs.record(clock.now() - begunMs);
    return fault === undefined ? { kind: "continue" } : this.#quarantine(fault);
  }

  #show(record: LogRecord, edge: Edge, at: Observed): void {
    const { item, rejected, lifecycle } = this.#handlers;
    const input = edge.view(record) ?? record;
    if (input.kind === "data") {
      this.#context.counters.in++;
      mustNotAwait(item?.(this.#own(input.payload), at), RULE);
    } else if (input.kind === "error") {
      const { error, message, input: given } = input;
      mustNotAwait(rejected?.({ error, message, input: this.#own(given) }, at), RULE);
    } else if (input.kind === "transition") {
      const { machine: stage, event, from, to } = input;
      // The report of the run may show the same fault.
      deepFreeze(event);
      mustNotAwait(lifecycle?.({ stage, event, from, to }, at), RULE);
    }
  }

  /** The payload itself where nobody can change it. */
  #own(payload: unknown): unknown {
    return this.#context.freeze && isDeeplyFrozen(payload) ? payload : copied(payload);
  }

  #quarantine(fault: StageFault): Directive {
    this.#context.counters.errors.unknown++;
    const { message, input = "", stack } = fault;
    this.#logger?.error(`observer ${this.#context.name} is quarantined: ${message}`, {
      input,
      ...(stack && { stack }),
    });
    return { kind: "transition", event: { kind: "quarantine", fault } };
  }
}

const RULE = "an observer must not await";

/** Most observers never ask where a record stands. */
class Sight implements Observed {
  readonly timeMs: number;
  readonly #lane: string;
  readonly #seq: number;

  constructor(lane: string, { timeMs, firstSeq }: RecordedFrame, index: number) {
    this.timeMs = timeMs;
    this.#lane = lane;
    this.#seq = firstSeq + index;
  }

  get place(): string {
    return formatPlace(this.#lane, this.#seq as LaneSeq);
  }
}
