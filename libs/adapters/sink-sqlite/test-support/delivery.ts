import {
  SinkFailure,
  type DeliveryBatch,
  type FailedItem,
  type RunId,
  type SinkConnector,
  type SinkWriter,
  type WriteReceipt,
} from "@refold/core";

export const RUN = "01900001-0000-7000-8000-000000000000" as RunId;
export const OTHER_RUN = "01900002-0000-7000-8000-000000000000" as RunId;

export interface DeliveryOptions {
  readonly run?: RunId;
  readonly stage?: string;
  /** The stage that the items come from. */
  readonly source?: string;
}

/** A sink in the hands of a test: it can be killed, and items then come again. */
export class Delivery<T> {
  readonly #connector: SinkConnector<T>;
  readonly #run: RunId;
  readonly #stage: string;
  readonly #source: string;
  #writer: SinkWriter<T> | undefined;

  constructor(connector: SinkConnector<T>, { run = RUN, stage = "out", source = "rows" }: DeliveryOptions = {}) {
    this.#connector = connector;
    this.#run = run;
    this.#stage = stage;
    this.#source = source;
  }

  /** Opens it; `receipts` are on record, if the run is gone on with. */
  async open(receipts?: number): Promise<void> {
    this.#writer = await this.#connector.open({
      stage: this.#stage,
      runId: this.#run,
      resumed: receipts !== undefined,
      receipts: receipts ?? 0,
      commit: () => {
        throw new Error("nothing was buffered");
      },
    });
  }

  /** Writes items with the seqs from `firstSeq` on, as a stage does: what was rolled back comes again one by one. */
  async deliver(items: readonly T[], firstSeq = 0, source = this.#source): Promise<readonly FailedItem[]> {
    if (this.#writer === undefined) await this.open();
    const batch = (from: number, to: number): DeliveryBatch<T> => ({
      items: items.slice(from, to),
      key: (index) => `${this.#run}/${source}:${firstSeq + from + index}`,
      buffer: () => {
        throw new Error("nothing is buffered");
      },
    });
    try {
      return failedOf(await this.#writer?.write(batch(0, items.length)));
    } catch (cause) {
      if (!(cause instanceof SinkFailure) || cause.reason.kind !== "batch" || items.length === 1) throw cause;
    }
    const failed: FailedItem[] = [];
    for (const index of items.keys()) {
      const [alone] = failedOf(await this.#writer?.write(batch(index, index + 1)));
      if (alone !== undefined) failed.push({ ...alone, index });
    }
    return failed;
  }

  async close(): Promise<void> {
    await this.#writer?.close?.();
    this.#writer = undefined;
  }
}

function failedOf(receipt: void | WriteReceipt): readonly FailedItem[] {
  return receipt?.outcome === "partial" ? receipt.failed : [];
}
