import {
  SinkFailure,
  type CommitHandle,
  type RunId,
  type SinkConnector,
  type SinkWriter,
  type WriteReceipt,
} from "@refold/core";

import { check } from "../conformance/expect.ts";

/** What became of an item. */
export type Outcome = "unwritten" | "success" | "failed" | "buffered" | "committed";

interface Delivery<T> {
  readonly item: T;
  readonly key: string;
  outcome: Outcome;
}

/** An open sink in the hands of a test, which delivers to it as a stage does, and holds it to the rules of a writer. */
export class DrivenSink<T> {
  readonly deliveries: Delivery<T>[] = [];
  #writer: SinkWriter<T> | undefined;
  readonly #buffered: Map<CommitHandle, readonly Delivery<T>[]> = new Map();
  /** What the seq of its first item is. */
  #first = 0;

  /** Opens it for a run that begins; or for one that is gone on with, `after` items were committed. */
  static async open<T>(connector: SinkConnector<T>, after?: number): Promise<DrivenSink<T>> {
    const driven = new DrivenSink<T>();
    driven.#first = after ?? 0;
    driven.#writer = await connector.open({
      stage: "sink",
      runId: RUN_ID,
      resumed: after !== undefined,
      receipts: after ?? 0,
      commit: (handle) => driven.#commit(handle),
    });
    return driven;
  }

  /** The items of which a receipt says that they are outside. */
  get outside(): readonly T[] {
    return this.#items("success", "committed");
  }

  get failed(): readonly T[] {
    return this.#items("failed");
  }

  get buffered(): readonly T[] {
    return this.#items("buffered");
  }

  /** Delivers items under keys that follow from how many came before: the same ones each time. */
  async deliver(items: readonly T[]): Promise<void> {
    const first = this.deliveries.length;
    const seq = this.#first + first;
    this.deliveries.push(
      ...items.map((item, i): Delivery<T> => ({ item, key: `${RUN_ID}/items:${seq + i}`, outcome: "unwritten" })),
    );
    let left = this.deliveries.slice(first);
    let alone = false;
    while (left.length > 0) {
      const batch = alone ? left.slice(0, 1) : left;
      if ((await this.#write(batch)) === "rolled-back") {
        if (batch.length === 1) (batch[0] as Delivery<T>).outcome = "failed";
        alone = true;
      }
      left = left.filter(({ outcome }) => outcome === "unwritten");
    }
  }

  async flush(): Promise<void> {
    await this.#writer?.flush?.();
  }

  /** What a stage does at the end of its input. */
  async end(): Promise<void> {
    await this.flush();
    await this.#writer?.drain?.();
    await this.close();
  }

  async close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close?.();
  }

  async #write(batch: readonly Delivery<T>[]): Promise<"written" | "rolled-back"> {
    let handle: CommitHandle | undefined;
    let written: void | WriteReceipt;
    const settle = (count: number, outcome: "success" | "buffered"): void => {
      const settled = batch.slice(0, count).filter((delivery) => delivery.outcome === "unwritten");
      for (const delivery of settled) delivery.outcome = outcome;
      if (handle !== undefined) this.#buffered.set(handle, settled);
    };
    try {
      written = await this.#writer?.write({
        items: batch.map(({ item }) => item),
        key: (index) => (batch[index] as Delivery<T>).key,
        buffer() {
          check(handle === undefined, "a batch is buffered once");
          handle = { stage: "sink" };
          return handle;
        },
      });
    } catch (cause) {
      if (!(cause instanceof SinkFailure) || cause.reason.kind === "writer") throw cause;
      const { reason } = cause;
      if (reason.kind === "batch") return "rolled-back";
      const index = reason.index ?? 0;
      const failed = batch[index];
      check(failed !== undefined, `item ${index} of a batch of ${batch.length} failed`);
      settle(index, handle === undefined ? "success" : "buffered");
      failed.outcome = "failed";
      return "written";
    }
    check(
      (handle !== undefined) === (written?.outcome === "buffered"),
      "a batch is buffered when its receipt says so, and only then",
    );
    for (const index of failedOf(written ?? undefined, batch.length)) {
      const failed = batch[index];
      check(failed?.outcome === "unwritten", `item ${index} of a batch of ${batch.length} failed, and once`);
      failed.outcome = "failed";
    }
    settle(batch.length, handle === undefined ? "success" : "buffered");
    return "written";
  }

  #commit(handle: CommitHandle): void {
    const deliveries = this.#buffered.get(handle);
    check(this.#writer !== undefined, "nothing is committed once the writer is closed");
    check(deliveries !== undefined, "what is committed was buffered, and is committed once");
    this.#buffered.delete(handle);
    for (const delivery of deliveries) delivery.outcome = "committed";
  }

  #items(...outcomes: readonly Outcome[]): readonly T[] {
    return this.deliveries.filter(({ outcome }) => outcomes.includes(outcome)).map(({ item }) => item);
  }
}

const RUN_ID = "01900001-0000-7000-8000-000000000000" as RunId;

/** The indexes of the items of a batch that a receipt says have failed. */
function failedOf(receipt: WriteReceipt | undefined, count: number): readonly number[] {
  if (receipt?.outcome === "failed") return Array.from({ length: count }, (_, index) => index);
  return receipt?.outcome === "partial" ? receipt.failed.map(({ index }) => index) : [];
}
