import type { SinkConnector } from "@refold/core";

/** A sink that hands each item to a function, one after the other. */
export function functionSink<T>(deliver: (item: T) => void | Promise<void>): SinkConnector<T> {
  return {
    guarantee: "at-least-once",
    describe: () => "function",
    open: () => ({
      write(batch) {
        const { items } = batch;
        for (let i = 0; i < items.length; i++) {
          const delivered = deliver(items[i] as T);
          // What `(item) => items.push(item)` returns is no promise.
          if (typeof delivered?.then === "function") return deliverRest(deliver, items, i + 1, delivered);
        }
        return undefined;
      },
    }),
  };
}

/** Only an asynchronous function costs a promise for each item. */
async function deliverRest<T>(
  deliver: (item: T) => void | Promise<void>,
  items: readonly T[],
  from: number,
  first: Promise<void>,
): Promise<void> {
  await first;
  for (let i = from; i < items.length; i++) await deliver(items[i] as T);
}
