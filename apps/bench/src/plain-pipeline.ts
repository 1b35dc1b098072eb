import { makeOrder, reprice, type Order } from "./order.ts";

export const PLAIN_PIPELINE = "the same stages as a chain of async generators, without a log";

/** How long the stages of a bench flow take as a chain of async generators, in milliseconds. */
export async function timePlainPipeline(stages: number, events: number): Promise<number> {
  const startedMs = performance.now();
  let stream = source(events);
  for (let number = 1; number < stages - 1; number++) stream = repriced(stream);
  let delivered = 0;
  for await (const order of stream) if (order.quantity > 0) delivered++;
  const elapsedMs = performance.now() - startedMs;
  if (delivered !== events) throw new Error(`${delivered} of ${events} events arrived`);
  return elapsedMs;
}

async function* source(events: number): AsyncGenerator<Order> {
  for (let index = 0; index < events; index++) yield makeOrder(index);
}

async function* repriced(orders: AsyncIterable<Order>): AsyncGenerator<Order> {
  for await (const order of orders) yield reprice(order);
}
