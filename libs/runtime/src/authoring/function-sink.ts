import { SinkFailure, type DeliveryBatch, type FailedItem, type SinkConnector, type WriteReceipt } from "@refold/core";

/** What a function that is a sink has besides its item. It is valid until the function has returned, or its promise settled. */
export interface ItemContext {
  /** The identity of the item, the same on every attempt: `runId/stage:seq` of its record. */
  readonly key: string;
}

type Deliver<T> = (item: T, context: ItemContext) => void | Promise<void>;

/** A sink that hands each item to a function, one after the other. Items that it rejects fail alone. */
export function functionSink<T>(deliver: Deliver<T>): SinkConnector<T> {
  return {
    guarantee: "at-least-once",
    describe: () => "function",
    open: () => ({ write: (batch) => new ItemByItem(deliver, batch).write() }),
  };
}

/** One batch on its way through a function. The context of its items is one object, so that items cost nothing. */
class ItemByItem<T> implements ItemContext {
  readonly #deliver: Deliver<T>;
  readonly #batch: DeliveryBatch<T>;
  readonly #failed: FailedItem[] = [];
  #index = 0;

  constructor(deliver: Deliver<T>, batch: DeliveryBatch<T>) {
    this.#deliver = deliver;
    this.#batch = batch;
  }

  get key(): string {
    return this.#batch.key(this.#index);
  }

  write(): void | WriteReceipt | Promise<void | WriteReceipt> {
    const { items } = this.#batch;
    const deliver = this.#deliver;
    while (this.#index < items.length) {
      try {
        for (; this.#index < items.length; this.#index++) {
          const delivered = deliver(items[this.#index] as T, this);
          // What `(item) => items.push(item)` returns is no promise.
          if (typeof delivered?.then === "function") return this.#rest(delivered);
        }
      } catch (cause) {
        this.#reject(cause);
      }
    }
    return this.#receipt();
  }

  /** Only an asynchronous function costs a promise for each item. */
  async #rest(first: Promise<void>): Promise<void | WriteReceipt> {
    const { items } = this.#batch;
    for (let underWay: Promise<void> | undefined = first; this.#index < items.length; underWay = undefined) {
      try {
        await (underWay ?? this.#deliver(items[this.#index] as T, this));
        this.#index++;
      } catch (cause) {
        this.#reject(cause);
      }
    }
    return this.#receipt();
  }

  /** Goes on after an item that was rejected. A function has only the one item, so for it a batch is no more than that. */
  #reject(cause: unknown): void {
    if (!(cause instanceof SinkFailure) || cause.reason.kind === "writer") throw cause;
    const { error, message } = cause.reason;
    this.#failed.push({ index: this.#index++, kind: error, message });
  }

  #receipt(): void | WriteReceipt {
    return this.#failed.length === 0 ? undefined : { outcome: "partial", failed: this.#failed };
  }
}
