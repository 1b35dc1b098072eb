import {
  formatPlace,
  type DeliveryBatch,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type SinkWriter,
} from "@refold/core";
import type { Machine } from "@refold/fsm";

import type { SinkDefinition } from "../definition/flow-definition.ts";
import type { InputSet } from "../edge/input-set.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { StageContext } from "./stage-context.ts";
import { failureFault, LogFailure, StageFailure, thrownFault } from "./stage-fault.ts";
import { sinkMachine, type ResourceAction, type SinkEvent, type SinkState } from "./stage-machine.ts";

const STEP_INPUTS = 1024;

type Directive = EventLoopDirective<SinkEvent>;

/** Delivers what is safe in the log, and puts the receipts on record. */
export class SinkStage implements HandlerSupervised<SinkState, SinkEvent, ResourceAction> {
  readonly machine: Machine<SinkState, SinkEvent, ResourceAction>;
  readonly #definition: SinkDefinition;
  readonly #context: StageContext;
  readonly #inputs: InputSet;
  #writer: SinkWriter<unknown> | undefined;

  constructor(definition: SinkDefinition, context: StageContext, inputs: InputSet) {
    this.machine = sinkMachine(definition.name);
    this.#definition = definition;
    this.#context = context;
    this.#inputs = inputs;
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
    } else await this.#close();
  }

  async abandon(): Promise<void> {
    await this.#close();
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
    if (end !== undefined) return { kind: "transition", event: { kind: "inputs-ended", end } };
    const room = this.#context.log.room();
    if (room !== undefined) return room.then(goOn);
    if (this.#inputs.empty) return this.#context.wake.wait().then(goOn);
    return this.#deliver().then(goOn);
  }

  async #deliver(): Promise<void> {
    const batch = new Batch(this.#context.manifest);
    this.#inputs.take(STEP_INPUTS, (record, lane, seq) => {
      batch.add(record.payload, lane, seq);
      return true;
    });
    const records: LogRecord[] = [{ kind: "consumed", spans: this.#inputs.spans }];
    const count = batch.items.length;
    if (count > 0) {
      // The world must never see what a crash could undo.
      const safe = await this.#context.log.whenSafe(this.#inputs.position);
      if (safe.isErr()) throw new LogFailure(safe.error);
      const writer = this.#writer as SinkWriter<unknown>;
      await this.#outside(() => writer.write(batch));
      records.push({ kind: "receipt", outcome: "success", first: 0, count, detail: undefined });
    }
    const appended = this.#context.writer.append(this.#context.clock.now(), records);
    if (appended.isErr()) throw new LogFailure(appended.error);
    this.#context.counters.in += count;
    this.#inputs.release();
  }

  async #flush(): Promise<Directive> {
    await this.#outside(() => this.#writer?.flush?.());
    return { kind: "transition", event: { kind: "flushed" } };
  }

  async #drain(): Promise<Directive> {
    await this.#outside(() => this.#close());
    return { kind: "transition", event: { kind: "drained" } };
  }

  async #close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close?.();
  }

  async #outside(call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (cause) {
      throw new StageFailure(thrownFault("sink-threw", this.#context.name, cause));
    }
  }
}

/** Inputs with the places that their keys are made of, when somebody asks. */
class Batch implements DeliveryBatch<unknown> {
  readonly items: unknown[] = [];
  readonly #lanes: LaneId[] = [];
  readonly #seqs: LaneSeq[] = [];
  readonly #manifest: { readonly rootRunId: string; readonly lanes: readonly string[] };

  constructor(manifest: { readonly rootRunId: string; readonly lanes: readonly string[] }) {
    this.#manifest = manifest;
  }

  add(item: unknown, lane: LaneId, seq: LaneSeq): void {
    this.items.push(item);
    this.#lanes.push(lane);
    this.#seqs.push(seq);
  }

  key(index: number): string {
    const lane = this.#lanes[index];
    const seq = this.#seqs[index];
    if (lane === undefined || seq === undefined) throw new RangeError(`the batch has no item ${index}`);
    return `${this.#manifest.rootRunId}/${formatPlace(this.#manifest.lanes[lane] ?? String(lane), seq)}`;
  }
}

const goOn = (): Directive => ({ kind: "continue" });
