import type { EndKind, LogRecord } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SourceDefinition } from "../definition/flow-definition.ts";
import type { Classified } from "../policy/call-outcome.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { StageState } from "../snapshot/run-state.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { SourceLatency } from "../metrics/source-latency.ts";
import { SOURCE_START, type SourcePlace } from "../definition/opened-source.ts";
import { GuardedReads } from "./guarded-reads.ts";
import { Intake } from "./intake.ts";
import type { ReadBatch } from "./read-batches.ts";
import { decideRetry } from "./source-retry.ts";
import { contract } from "./contract-record.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault, thrownMessage } from "./stage-fault.ts";
import { sourceMachine, type ResourceAction, type SourceEvent, type SourceState } from "./stage-machine.ts";
import { violation } from "./input-contracts.ts";

type Directive = EventLoopDirective<SourceEvent>;

/** Reads items from outside and puts them on record. */
export class SourceStage implements HandlerSupervised<SourceState, SourceEvent, ResourceAction> {
  readonly machine: Machine<SourceState, SourceEvent, ResourceAction>;
  readonly #definition: SourceDefinition;
  readonly #context: StageContext;
  readonly #latency: SourceLatency;
  readonly #place: SourcePlace;
  #intake: Intake | undefined;

  constructor(
    definition: SourceDefinition,
    context: StageContext,
    latency: SourceLatency,
    place: SourcePlace = SOURCE_START,
  ) {
    this.machine = sourceMachine(definition.name, definition.extent);
    this.#definition = definition;
    this.#context = context;
    this.#latency = latency;
    this.#place = place;
  }

  get settled(): StageState | undefined {
    return this.#context.isAppending ? undefined : { unread: [] };
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
    const { outside, wake, clock, stacks } = this.#context;
    const abort = this.#context.abortController();
    outside.onCancel(() => abort.abort());
    try {
      await outside.call(async () => {
        const source = await this.#definition.open(this.#place, abort.signal);
        const { policies } = this.#definition;
        const reads =
          policies.length === 0
            ? undefined
            : new GuardedReads(stacks.add("poll", policies, classifyPoll), abort.signal);
        this.#intake = new Intake({ source, wake, clock, abort, reads });
      });
    } catch (cause) {
      // Who is told to stop may well say so by throwing; the command that told it is still to be taken.
      if (!abort.signal.aborted) throw this.#threw(cause);
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
    const batch = intake.take(Math.min(this.#context.stepInputs, this.#context.room));
    if (batch !== undefined) return this.#record(batch)?.then(goOn) ?? { kind: "continue" };
    switch (intake.state.kind) {
      case "open":
        return this.#context.wake.wait().then(goOn);
      case "ended":
        return { kind: "transition", event: { kind: "exhausted" } };
      case "failed":
        return this.#tryAgain(intake, intake.state);
    }
  }

  /** What was read before the drain began is not lost; nothing more is read. */
  #drain(end: EndKind): Directive | Promise<Directive> {
    const context = this.#context;
    const intake = this.#intake;
    intake?.drain();
    const waiting = context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    const batch = intake?.takeRead(Math.min(context.stepInputs, context.room));
    if (batch !== undefined) return this.#record(batch)?.then(goOn) ?? { kind: "continue" };
    if (intake?.isDraining === true) return context.wake.wait().then(goOn);
    if (intake?.state.kind === "failed" && intake.state.final) throw this.#threw(intake.state.cause);
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

  /** A poll that failed is on record before it is tried again, or no more. */
  #tryAgain(intake: Intake, { cause, final }: Extract<Intake["state"], { kind: "failed" }>): Directive {
    const failure = this.#threw(cause);
    if (final) throw failure;
    const { writer, clock, counters } = this.#context;
    const { delayMs, record } = decideRetry(this.#definition.retry, intake.failures, failure.message);
    const appended = writer.append(clock.now(), [record]);
    if (appended.isErr()) throw new LogFailure(appended.error);
    counters.decided(record.policy, record.decision);
    if (delayMs === undefined) throw failure;
    intake.tryAgain(delayMs);
    return { kind: "continue" };
  }

  #record({ items, cursor }: ReadBatch): void | Promise<void> {
    const { type, lane } = this.#definition;
    const { writer, clock, counters } = this.#context;
    const first = writer.nextSeq;
    const records: LogRecord[] = [];
    for (let index = 0; index < items.length; index++) {
      const originSeq = (first + index) as typeof first;
      records.push({ kind: "data", type, cause: undefined, originLane: lane, originSeq, payload: items[index] });
    }
    if (cursor !== undefined) records.push({ kind: "cursor", cursor });
    const timeMs = clock.now();
    counters.in += items.length;
    if (items.length > 0) this.#latency.written(lane, first, items.length, timeMs);
    try {
      return this.#context.append(records, timeMs);
    } catch (cause) {
      if (!(cause instanceof LogFailure) || cause.fault.kind !== "unstorable") throw cause;
      const { record, detail, path } = cause.fault;
      return this.#refuse(
        records.slice(0, record),
        record < items.length ? "item" : "cursor",
        `${detail} at ${path}`,
        timeMs,
      );
    }
  }

  /** Fails for an item, or a cursor, that cannot be stored, and keeps the items before it. */
  async #refuse(kept: readonly LogRecord[], what: "item" | "cursor", why: string, timeMs: number): Promise<never> {
    if (kept.length > 0) await this.#context.append(kept, timeMs);
    const item = this.#context.writer.dataRecords;
    const subject =
      what === "item" ? `item ${item} of the source, counted from 0,` : `the cursor of the source behind ${item} items`;
    const message = `${subject} cannot be stored: ${why}`;
    throw new StageFailure({ code: "payload-refused", stage: this.#context.name, message });
  }

  #threw(cause: unknown): StageFailure {
    return new StageFailure(thrownFault("source-threw", this.#context.name, cause));
  }
}

function classifyPoll(cause: unknown): Classified {
  return { error: "unknown", message: thrownMessage(cause) };
}

const goOn = (): Directive => ({ kind: "continue" });
