import { SinkFailure, type SinkWriter } from "@refold/core";

import type { GuardedWrites } from "./guarded-writes.ts";
import type { OutsideCalls } from "./outside-calls.ts";
import type { SinkBatch } from "./sink-batch.ts";
import type { CommitLedger } from "./sink-commits.ts";
import { partsOf, rejectionOf, type DeliveredPart } from "./sink-receipts.ts";
import { StageFailure } from "./stage-fault.ts";

/** Hands batches to a writer, and again what it could not take at once. */
export class SinkDelivery {
  readonly #writer: SinkWriter<unknown>;
  readonly #calls: OutsideCalls;
  readonly #ledger: CommitLedger;
  readonly #guarded: GuardedWrites | undefined;

  constructor(
    writer: SinkWriter<unknown>,
    calls: OutsideCalls,
    ledger: CommitLedger,
    guarded: GuardedWrites | undefined,
  ) {
    this.#guarded = guarded;
    this.#writer = writer;
    this.#calls = calls;
    this.#ledger = ledger;
  }

  /**
   * What became of a batch, in the order of its items; `undefined` if the call was given up. An item that fails ends its round,
   * and those after it are written in the next; a batch that was rolled back is written item by item. So there are at most two
   * writes for each item. Throws what poisons the writer.
   */
  async deliver(batch: SinkBatch): Promise<readonly DeliveredPart[] | undefined> {
    const parts: DeliveredPart[] = [];
    /** Items before this one are written one by one. */
    let aloneUntil = 0;
    for (let at = 0; at < batch.length;) {
      const part = batch.part(at, at < aloneUntil ? at + 1 : batch.length);
      const written = await this.#write(part, at);
      if (written === undefined) return undefined;
      if (written === "rolled-back") {
        aloneUntil = batch.length;
        continue;
      }
      parts.push(...written);
      for (const { count } of written) at += count;
    }
    return parts;
  }

  async #write(batch: SinkBatch, at: number): Promise<readonly DeliveredPart[] | "rolled-back" | undefined> {
    let said: unknown;
    let wasCancelled = false;
    try {
      const kept = await this.#calls.call(() => {
        if (this.#guarded !== undefined) {
          return this.#guarded
            .write(batch, () => this.#writer.write(batch))
            .then((written) => {
              if (written.kind === "said") said = written.said;
              else wasCancelled = true;
            });
        }
        const written: unknown = this.#writer.write(batch);
        if (!isPromise(written)) {
          said = written;
          return undefined;
        }
        return Promise.resolve(written).then((settled) => {
          said = settled;
        });
      });
      if (!kept || wasCancelled) return undefined;
    } catch (cause) {
      if (!(cause instanceof SinkFailure)) throw cause;
      return this.#failed(cause, batch, at);
    }
    return partsOf(said, batch, at, this.#refused);
  }

  #failed(failure: SinkFailure, batch: SinkBatch, at: number): readonly DeliveredPart[] | "rolled-back" {
    const { reason } = failure;
    switch (reason.kind) {
      case "item":
        return this.#itemFailed(reason, batch, at);
      case "batch":
        if (batch.handle !== undefined) this.#ledger.rolledBack(batch.handle);
        if (batch.length > 1) return "rolled-back";
        return [{ first: at, count: 1, ...rejectionOf(errorOf(reason), this.#refused) }];
      case "writer":
        throw failure;
    }
  }

  #itemFailed(
    reason: Extract<SinkFailure["reason"], { readonly kind: "item" }>,
    batch: SinkBatch,
    at: number,
  ): readonly DeliveredPart[] {
    const { length, handle } = batch;
    const index = reason.index ?? (length === 1 ? 0 : undefined);
    if (index === undefined || !Number.isSafeInteger(index) || index < 0 || index >= length) {
      throw this.#refused(`says that item ${String(index)} of a batch of ${length} failed`);
    }
    const before = { first: at, count: index };
    return [
      handle === undefined ? { ...before, outcome: "success" } : { ...before, outcome: "buffered", handle },
      { first: at + index, count: 1, ...rejectionOf(errorOf(reason), this.#refused) },
    ];
  }

  readonly #refused = (what: string): StageFailure =>
    new StageFailure({
      code: "receipt-refused",
      stage: this.#ledger.stage,
      message: `the sink ${this.#ledger.stage} ${what}`,
    });
}

function errorOf({ error, message }: { readonly error: FailureKind; readonly message: string }): {
  readonly kind: FailureKind;
  readonly message: string;
} {
  return { kind: error, message };
}

type FailureKind = Extract<SinkFailure["reason"], { readonly kind: "item" }>["error"];

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === "function";
}
