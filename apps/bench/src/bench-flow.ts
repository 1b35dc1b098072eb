import { flow, type FlowDefinition, type Items } from "@refold/runtime";

import { must } from "./must.ts";
import { reprice, type Order } from "./order.ts";

export interface BenchFlow {
  /** How many stages there are, source and sink included; at least 2. */
  readonly stages: number;
  readonly orders: () => Items<Order>;
  readonly deliver: (order: Order) => void | Promise<void>;
}

/** A source, transforms that each emit a new object, and a sink that is a function. */
export function benchFlow({ stages, orders, deliver }: BenchFlow): FlowDefinition {
  const built = flow("bench", (f) => {
    let stream = f.source<Order>("source", orders);
    for (let number = 1; number < stages - 1; number++) stream = stream.map(`transform-${number}`, (o) => reprice(o));
    stream.sink("sink", deliver);
  });
  return must(built.build());
}
