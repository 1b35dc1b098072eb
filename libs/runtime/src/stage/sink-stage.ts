import type { ContractRecord, LaneId, LogRecord, SinkContext, SinkWriter, Span } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SinkDefinition } from "../definition/flow-definition.ts";
import type { InputSet } from "../edge/input-set.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { StageState } from "../snapshot/run-state.ts";
import { isTooMuch } from "../supervision/lane-writer.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { SourceLatency } from "../metrics/source-latency.ts";
import { contract } from "./contract-record.ts";
import { SinkBatch } from "./sink-batch.ts";
import { CommitLedger } from "./sink-commits.ts";
import { classifyWrite, GuardedWrites } from "./guarded-writes.ts";
import { SinkDelivery } from "./sink-delivery.ts";
import { FlushSchedule } from "./sink-flush.ts";
import { committedReceipt, receiptsOf, type DeliveredPart } from "./sink-receipts.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault } from "./stage-fault.ts";
import { sinkMachine, type ResourceAction, type SinkEvent, type SinkState } from "./stage-machine.ts";
import { inputContracts, violation } from "./input-contracts.ts";

type Directive = EventLoopDirective<SinkEvent>;

/** What a sink has done by what is on record, by upstream lane, for a process that goes on with it. */
export interface RecoveredDelivery {
  /** Inputs that it was given, and those whose receipt ends them. */
  readonly given: ReadonlyMap<LaneId, number>;
  readonly ended: ReadonlyMap<LaneId, number>;
}

/** Delivers what is safe in the log, and puts the receipts on record. */
export class SinkStage implements HandlerSupervised<SinkState, SinkEvent, ResourceAction> {
  readonly machine: Machine<SinkState, SinkEvent, ResourceAction>;
  readonly #definition: SinkDefinition;
  readonly #context: StageContext;
  readonly #inputs: InputSet;
  readonly #latency: SourceLatency;
  readonly #commits: CommitLedger;
  readonly #schedule: FlushSchedule;
  /** Set where writes go through policies. */
  readonly #guardedWrites: GuardedWrites | undefined;
  #writer: SinkWriter<unknown> | undefined;
  /** Inputs that were delivered, and those of them that have a terminal receipt, by upstream lane. */
  readonly #given: Map<LaneId, number>;
  readonly #receipts: Map<LaneId, number>;
  /** What was taken and is not on record yet. */
  #inHand: readonly Span[] = [];

  constructor(
    definition: SinkDefinition,
    context: StageContext,
    inputs: InputSet,
    latency: SourceLatency,
    recovered?: RecoveredDelivery,
  ) {
    this.machine = sinkMachine(definition.name);
    this.#definition = definition;
    this.#context = context;
    this.#inputs = inputs;
    this.#latency = latency;
    this.#commits = new CommitLedger(definition.name, () => context.wake.signal());
    this.#schedule = new FlushSchedule(definition.flush, context.clock);
    this.#guardedWrites = this.#guard(definition.policies);
    this.#given = new Map(recovered?.given);
    this.#receipts = new Map(recovered?.ended);
  }

  /** What the sink has come to by its record. What is in hand is not on record. */
  get settled(): StageState | undefined {
    if (this.#context.isAppending) return undefined;
    const buffered = this.#commits.buffered;
    const delivery = { given: this.#given, ended: this.#receipts, buffered };
    return { unread: [...this.#inHand, ...this.#inputs.unread], delivery };
  }

  dispatch(state: SinkState): Directive | Promise<Directive> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "initialize" } };
      case "running":
        return this.#work();
      case "flushing":
        return this.#flush();
      case "draining":
        return this.#drain();
      case "initialized":
      case "drained":
      case "failed":
      case "cancelled":
        return { kind: "continue" };
    }
  }

  async perform(action: ResourceAction): Promise<void> {
    if (action.kind === "open") {
      await this.#outside(async () => {
        this.#writer = await this.#definition.connector.open({
          stage: this.#context.name,
          runId: this.#context.manifest.runId,
          resumed: this.#context.resumed,
          ...this.#receiptsOnRecord(),
          commit: (handle) => this.#commits.commit(handle),
        });
      });
      return;
    }
    try {
      this.#recordCommits();
    } finally {
      await this.abandon();
    }
  }

  abandon(): Promise<void> {
    return this.#context.outside.last(() => this.#close());
  }

  failure(cause: unknown): SinkEvent {
    return { kind: "fail", fault: failureFault(this.#context.name, cause) };
  }

  externalEvents(state: SinkState): ExternalEventPolicy {
    return state.kind === "initialized" ? "block" : "poll";
  }

  channelClosed(): SinkEvent {
    return { kind: "cancel", reason: "its control channel was closed" };
  }

  #work(): Directive | Promise<Directive> {
    const context = this.#context;
    if (this.#commits.failure !== undefined) throw this.#commits.failure;
    if (this.#commits.hasPending) this.#recordCommits();
    const { end } = this.#inputs;
    if (end !== undefined) return this.#inputsEnded(end);
    if (this.#schedule.dueInMs <= 0 || this.#commits.isFull) return this.#flushNow().then(goOn);
    const waiting = context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    if (this.#inputs.empty) return context.wake.waitAtMost(this.#schedule.dueInMs, context.clock).then(goOn);
    return this.#deliver().then(goOn);
  }

  /** Not told in a fork: some of them are another run's. */
  #receiptsOnRecord(): Pick<SinkContext, "receipts"> {
    if (this.#context.manifest.forkOf !== undefined) return {};
    return { receipts: [...this.#receipts.values()].reduce((sum, count) => sum + count, 0) };
  }

  #inputsEnded(end: Extract<SinkEvent, { kind: "inputs-ended" }>["end"]): Directive {
    const contracts = inputContracts(this.#context, this.#inputs);
    const failure = violation(this.#context, contracts);
    const event: SinkEvent = failure === undefined ? { kind: "inputs-ended", end } : this.failure(failure);
    return { kind: "transition", event, records: contracts };
  }

  #guard(policies: readonly PolicySpec[]): GuardedWrites | undefined {
    if (policies.length === 0) return undefined;
    const { abortController, outside, stacks, clock } = this.#context;
    const abort = abortController();
    outside.onCancel(() => abort.abort());
    const stack = stacks.add("write", policies, classifyWrite);
    return new GuardedWrites({ stack, signal: abort.signal, clock, ledger: this.#commits });
  }

  async #deliver(): Promise<void> {
    const context = this.#context;
    const { clock, counters } = context;
    const begunMs = clock.now();
    const batch = this.#take();
    const { spans } = this.#inputs;
    const consumed: LogRecord = { kind: "consumed", spans };
    this.#inHand = spans;
    const { length } = batch;
    counters.inFlight = length;
    // A step with more receipts than one frame can hold goes on in further frames.
    if (length === 0) await this.#appendStep([consumed], () => undefined);
    else {
      // The world must never see what a crash could undo.
      const safe = await context.log.whenSafe(this.#inputs.position);
      if (safe.isErr()) throw new LogFailure(safe.error);
      const writer = this.#writer as SinkWriter<unknown>;
      const delivery = new SinkDelivery(writer, context.outside, this.#commits, this.#guardedWrites);
      const parts = await this.#guarded(() => delivery.deliver(batch));
      if (parts === undefined) return;
      await this.#appendStep([consumed, ...receiptsOf(parts, length)], () => this.#settle(batch, parts));
      this.#schedule.wrote(length);
    }
    counters.inFlight = 0;
    counters.stepMs.record(clock.now() - begunMs);
    this.#inputs.release();
    this.#recordCommits();
  }

  /** A step goes on record and is counted at once, unless one frame cannot hold it. */
  #appendStep(records: readonly LogRecord[], count: () => void): void | Promise<void> {
    const appended = this.#context.append(records, this.#context.clock.now());
    this.#inHand = [];
    if (appended === undefined) count();
    else return appended.then(count);
  }

  #take(): SinkBatch {
    const context = this.#context;
    const batch = new SinkBatch(context, this.#commits);
    this.#inputs.take(Math.min(context.stepInputs, this.#schedule.room), (record, lane, seq) => {
      // An error is not delivered; it is on record where it came about.
      if (record.kind === "error") return true;
      const fault = context.schemaFault(lane, seq, record);
      if (fault !== undefined) throw new StageFailure(fault);
      batch.add(record, lane, seq);
      return true;
    });
    return batch;
  }

  /** Counts what has come to its end, now that it is on record. */
  #settle(batch: SinkBatch, parts: readonly DeliveredPart[]): void {
    const { counters } = this.#context;
    counters.in += batch.length;
    const nowMs = this.#context.clock.now();
    batch.countLanes(0, batch.length, this.#given);
    for (const part of parts) {
      const { first, count } = part;
      if (part.outcome === "buffered") {
        this.#commits.keep(part.handle, batch.buffered(first, count));
        continue;
      }
      if (part.outcome === "failed") counters.errors[part.error] += count;
      batch.countLanes(first, count, this.#receipts);
      const isAll = count === batch.length;
      this.#latency.delivered(isAll ? batch.records : batch.records.slice(first, first + count), nowMs);
    }
  }

  /** Puts on record what the writer has committed. */
  #recordCommits(): void {
    const committed = this.#commits.take();
    if (committed.length === 0) return;
    const { clock } = this.#context;
    this.#appendNow(committed.map(committedReceipt));
    for (const { countByLane, origins } of committed) {
      for (const [lane, count] of countByLane) this.#receipts.set(lane, (this.#receipts.get(lane) ?? 0) + count);
      this.#latency.delivered(origins, clock.now());
    }
  }

  /** Receipts that need no step may stand in any number of frames. */
  #appendNow(records: readonly LogRecord[]): void {
    const { clock, writer } = this.#context;
    const appended = writer.append(clock.now(), records);
    if (appended.isOk()) return;
    if (!isTooMuch(appended.error) || records.length < 2) throw new LogFailure(appended.error);
    const half = records.length >> 1;
    this.#appendNow(records.slice(0, half));
    this.#appendNow(records.slice(half));
  }

  async #flushNow(): Promise<void> {
    if (!(await this.#outside(() => this.#writer?.flush?.()))) return;
    this.#recordCommits();
    this.#commits.expectNoneLeft("flush");
    this.#schedule.flushed();
  }

  async #flush(): Promise<Directive> {
    if (!(await this.#outside(() => this.#writer?.flush?.()))) return goOn();
    this.#recordCommits();
    if (this.#writer?.drain === undefined) this.#commits.expectNoneLeft("flush");
    return { kind: "transition", event: { kind: "flushed" } };
  }

  async #drain(): Promise<Directive> {
    if (!(await this.#outside(() => this.#writer?.drain?.()))) return goOn();
    this.#recordCommits();
    this.#commits.expectNoneLeft("drain");
    if (!(await this.#outside(() => this.#close()))) return goOn();
    const contracts = this.#deliveryContracts();
    const failure = violation(this.#context, contracts);
    const event: SinkEvent = failure === undefined ? { kind: "drained" } : this.failure(failure);
    return { kind: "transition", event, records: contracts };
  }

  /** Every input has a receipt that ends it. Not known before all that was buffered is committed. */
  #deliveryContracts(): readonly ContractRecord[] {
    const contracts: ContractRecord[] = [];
    for (const edge of this.#inputs.edges) {
      if (this.#context.contractMode({ contract: "delivery", upstream: edge.from }) === "off") continue;
      const record = contract(
        "delivery",
        edge.from,
        this.#given.get(edge.from) ?? 0,
        this.#receipts.get(edge.from) ?? 0,
      );
      edge.verdicts.set("delivery", record.verdict);
      contracts.push(record);
    }
    return contracts;
  }

  #close(): void | Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#commits.end();
    return writer?.close?.();
  }

  /** False if the call was given up, because the stage is to cancel. */
  #outside(call: () => void | Promise<void>): Promise<boolean> {
    return this.#guarded(() => this.#context.outside.call(call));
  }

  /** What the writer threw fails the stage, as does a handle that it used as none may be. */
  async #guarded<R>(call: () => R | Promise<R>): Promise<R> {
    try {
      const result = await call();
      if (this.#commits.failure !== undefined) throw this.#commits.failure;
      return result;
    } catch (cause) {
      // What was committed before is outside all the same.
      this.#recordCommits();
      if (this.#commits.failure !== undefined) throw this.#commits.failure;
      throw cause instanceof StageFailure
        ? cause
        : new StageFailure(thrownFault("sink-threw", this.#context.name, cause));
    }
  }
}

const goOn = (): Directive => ({ kind: "continue" });
