import type { CommitHandle, LaneId, Span } from "@refold/core";

import type { Origin } from "../metrics/source-latency.ts";
import { StageFailure } from "./stage-fault.ts";

/** After so many buffered batches the writer is told to flush. */
const MAX_OPEN_BATCHES = 4096;

/** Inputs of one step that are to be committed together. */
export interface BufferedInputs {
  readonly count: number;
  readonly spans: readonly Span[];
  readonly countByLane: ReadonlyMap<LaneId, number>;
  readonly origins: readonly Origin[];
}

/** Where a handle is in its life. It may be committed before `write` has returned: an answer can be that quick. */
type HandleState =
  | { readonly kind: "writing"; readonly committed: boolean }
  | { readonly kind: "buffered"; readonly inputs: BufferedInputs }
  | { readonly kind: "committed" }
  | { readonly kind: "rolled-back" };

/** What a writer is given for a batch that it buffers. */
export class BufferedBatch implements CommitHandle {
  readonly stage: string;
  readonly ledger: CommitLedger;
  state: HandleState = { kind: "writing", committed: false };

  constructor(ledger: CommitLedger) {
    this.stage = ledger.stage;
    this.ledger = ledger;
  }
}

/** The commit handles of one sink: each is used once, by its own stage, before that has ended. */
export class CommitLedger {
  readonly stage: string;
  readonly #wake: () => void;
  /** Committed, and not on record yet. */
  #pending: BufferedInputs[] = [];
  /** Buffered, and not committed. */
  readonly #open: Set<BufferedInputs> = new Set();
  #openItems = 0;
  #ended = false;
  #failure: StageFailure | undefined;

  constructor(stage: string, wake: () => void) {
    this.stage = stage;
    this.#wake = wake;
  }

  /** Whether something was committed that is not on record yet. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** What is buffered by what is on record, batch by batch. */
  get buffered(): readonly (readonly Span[])[] {
    return [...this.#open, ...this.#pending].map(({ spans }) => spans);
  }

  /** Whether so much is buffered that the writer is to flush. */
  get isFull(): boolean {
    return this.#open.size >= MAX_OPEN_BATCHES;
  }

  /** A handle that was used as none may be. It fails the stage, also where the writer has caught what was thrown. */
  get failure(): StageFailure | undefined {
    return this.#failure;
  }

  /** What a writer calls: see `commit` of `SinkContext`. */
  commit(handle: CommitHandle): void {
    if (!(handle instanceof BufferedBatch) || handle.ledger !== this) throw this.refuse(this.#whose(handle));
    const { state } = handle;
    if (state.kind === "rolled-back") throw this.refuse("committed a batch that it had said was not written");
    if (state.kind === "committed" || (state.kind === "writing" && state.committed)) {
      throw this.refuse("committed one batch twice");
    }
    if (this.#ended) throw this.refuse("committed a batch after it had ended");
    if (state.kind === "writing") handle.state = { kind: "writing", committed: true };
    else this.#committed(handle, state.inputs);
    this.#wake();
  }

  /** The batch of the handle was taken by `write`, up to these inputs; they have their `buffered` receipt. */
  keep(handle: BufferedBatch, inputs: BufferedInputs): void {
    const wasCommitted = handle.state.kind === "writing" && handle.state.committed;
    handle.state = { kind: "buffered", inputs };
    if (inputs.count > 0) this.#open.add(inputs);
    this.#openItems += inputs.count;
    if (wasCommitted) this.#committed(handle, inputs);
  }

  /** The batch of the handle was not written. */
  rolledBack(handle: BufferedBatch): void {
    const wasCommitted = handle.state.kind === "writing" && handle.state.committed;
    handle.state = { kind: "rolled-back" };
    if (wasCommitted) throw this.refuse("committed a batch, and then said that it was not written");
  }

  /** What was committed since the last time, in the order of the commits. */
  take(): readonly BufferedInputs[] {
    const taken = this.#pending;
    if (taken.length > 0) this.#pending = [];
    return taken;
  }

  /** Throws if anything is still buffered. */
  expectNoneLeft(after: "flush" | "drain"): void {
    if (this.#openItems === 0) return;
    throw new StageFailure({
      code: "left-buffered",
      stage: this.stage,
      message: `the sink ${this.stage} has left ${this.#openItems} items in ${this.#open.size} batches buffered after its ${after}`,
    });
  }

  /** Nothing can be committed any more. */
  end(): void {
    this.#ended = true;
  }

  /** Notes that the writer broke the rules of handles. */
  refuse(what: string): StageFailure {
    const failure = new StageFailure({
      code: "commit-refused",
      stage: this.stage,
      message: `the sink ${this.stage} ${what}`,
    });
    this.#failure ??= failure;
    this.#wake();
    return failure;
  }

  #committed(handle: BufferedBatch, inputs: BufferedInputs): void {
    handle.state = { kind: "committed" };
    // The first item of its batch may have failed, so that there was nothing to buffer.
    if (inputs.count === 0) return;
    this.#open.delete(inputs);
    this.#openItems -= inputs.count;
    this.#pending.push(inputs);
  }

  #whose(handle: unknown): string {
    return handle instanceof BufferedBatch
      ? handle.stage === this.stage
        ? "committed a handle of another run"
        : `committed a handle of the sink ${handle.stage}`
      : "committed a handle that no sink has given out";
  }
}
