import type { DataRecord, DeliveryBatch, LaneId, LaneSeq, LogRecord, SinkWriter } from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SinkDefinition } from "../definition/flow-definition.ts";
import type { InputSet } from "../edge/input-set.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { SourceLatency } from "../metrics/source-latency.ts";
import { contract } from "./contract-record.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault } from "./stage-fault.ts";
import { sinkMachine, type ResourceAction, type SinkEvent, type SinkState } from "./stage-machine.ts";
import { inputContracts, violation } from "./input-contracts.ts";

type Directive = EventLoopDirective<SinkEvent>;

/** Delivers what is safe in the log, and puts the receipts on record. */
export class SinkStage implements HandlerSupervised<SinkState, SinkEvent, ResourceAction> {
  readonly machine: Machine<SinkState, SinkEvent, ResourceAction>;
  readonly #definition: SinkDefinition;
  readonly #context: StageContext;
  readonly #inputs: InputSet;
  readonly #latency: SourceLatency;
  #writer: SinkWriter<unknown> | undefined;
  /** Inputs that have a terminal receipt, by upstream lane. */
  readonly #receipts: Map<LaneId, number> = new Map();

  constructor(definition: SinkDefinition, context: StageContext, inputs: InputSet, latency: SourceLatency) {
    this.machine = sinkMachine(definition.name);
    this.#definition = definition;
    this.#context = context;
    this.#inputs = inputs;
    this.#latency = latency;
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
        this.#writer = await this.#definition.connector.open();
      });
    } else await this.abandon();
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
    const { end } = this.#inputs;
    if (end !== undefined) return this.#inputsEnded(end);
    const waiting = this.#context.waitForRoom();
    if (waiting !== undefined) return waiting.then(goOn);
    if (this.#inputs.empty) return this.#context.wake.wait().then(goOn);
    return this.#deliver().then(goOn);
  }

  #inputsEnded(end: Extract<SinkEvent, { kind: "inputs-ended" }>["end"]): Directive {
    const context = this.#context;
    const contracts = [...inputContracts(context, this.#inputs)];
    for (const edge of this.#inputs.edges) {
      if (context.contractMode({ contract: "delivery", upstream: edge.from }) === "off") continue;
      const record = contract("delivery", edge.from, edge.taken, this.#receipts.get(edge.from) ?? 0);
      edge.verdicts.set("delivery", record.verdict);
      contracts.push(record);
    }
    const failure = violation(context, contracts);
    const event: SinkEvent = failure === undefined ? { kind: "inputs-ended", end } : this.failure(failure);
    return { kind: "transition", event, records: contracts };
  }

  async #deliver(): Promise<void> {
    const context = this.#context;
    const { clock, counters } = context;
    const begunMs = clock.now();
    const batch = new Batch(context);
    this.#inputs.take(context.stepInputs, (record, lane, seq) => {
      // An error is not delivered; it is on record where it came about.
      if (record.kind === "error") return true;
      const fault = context.schemaFault(lane, seq, record);
      if (fault !== undefined) throw new StageFailure(fault);
      batch.add(record, lane, seq);
      return true;
    });
    const records: LogRecord[] = [{ kind: "consumed", spans: this.#inputs.spans }];
    const count = batch.items.length;
    counters.inFlight = count;
    if (count > 0) {
      // The world must never see what a crash could undo.
      const safe = await context.log.whenSafe(this.#inputs.position);
      if (safe.isErr()) throw new LogFailure(safe.error);
      const writer = this.#writer as SinkWriter<unknown>;
      if (!(await this.#outside(() => writer.write(batch)))) return;
      records.push({ kind: "receipt", outcome: "success", first: 0, count, detail: undefined });
    }
    const appended = context.writer.append(clock.now(), records);
    if (appended.isErr()) throw new LogFailure(appended.error);
    this.#delivered(batch, clock.now());
    counters.in += count;
    counters.inFlight = 0;
    counters.stepMs.record(clock.now() - begunMs);
    this.#inputs.release();
  }

  #delivered(batch: Batch, nowMs: number): void {
    for (const [lane, count] of batch.countByLane) this.#receipts.set(lane, (this.#receipts.get(lane) ?? 0) + count);
    this.#latency.delivered(batch.records, nowMs);
  }

  async #flush(): Promise<Directive> {
    const flushed = await this.#outside(() => this.#writer?.flush?.());
    return flushed ? { kind: "transition", event: { kind: "flushed" } } : { kind: "continue" };
  }

  async #drain(): Promise<Directive> {
    const closed = await this.#outside(() => this.#close());
    return closed ? { kind: "transition", event: { kind: "drained" } } : { kind: "continue" };
  }

  #close(): void | Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    return writer?.close?.();
  }

  /** False if the call was given up, because the stage is to cancel. */
  async #outside(call: () => void | Promise<void>): Promise<boolean> {
    try {
      return await this.#context.outside.call(call);
    } catch (cause) {
      throw new StageFailure(thrownFault("sink-threw", this.#context.name, cause));
    }
  }
}

/** Inputs with the places that their keys are made of, when somebody asks. */
class Batch implements DeliveryBatch<unknown> {
  readonly items: unknown[] = [];
  readonly records: DataRecord[] = [];
  readonly #lanes: LaneId[] = [];
  readonly #seqs: LaneSeq[] = [];
  readonly #context: StageContext;

  constructor(context: StageContext) {
    this.#context = context;
  }

  add(record: DataRecord, lane: LaneId, seq: LaneSeq): void {
    this.items.push(record.payload);
    this.records.push(record);
    this.#lanes.push(lane);
    this.#seqs.push(seq);
  }

  get countByLane(): ReadonlyMap<LaneId, number> {
    const counts = new Map<LaneId, number>();
    for (let i = 0; i < this.#lanes.length;) {
      const lane = this.#lanes[i] as LaneId;
      let next = i + 1;
      while (this.#lanes[next] === lane) next++;
      counts.set(lane, (counts.get(lane) ?? 0) + next - i);
      i = next;
    }
    return counts;
  }

  key(index: number): string {
    const lane = this.#lanes[index];
    const seq = this.#seqs[index];
    if (lane === undefined || seq === undefined) throw new RangeError(`the batch has no item ${index}`);
    return `${this.#context.manifest.rootRunId}/${this.#context.place(lane, seq)}`;
  }
}

const goOn = (): Directive => ({ kind: "continue" });
