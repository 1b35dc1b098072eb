import type { LaneId, TypeId } from "@refold/core";
import { flow, type FlowDefinition, type Items } from "@refold/runtime";
import { topology } from "@refold/topology";

import { must } from "./must.ts";
import { reprice, type Order } from "./order.ts";

export interface BenchFlow {
  /** How many stages there are, source and sink included. One is a source alone. */
  readonly stages: number;
  readonly orders: () => Items<Order>;
  readonly deliver: (order: Order) => void | Promise<void>;
}

/** A source, transforms that each emit a new object, and a sink that is a function. */
export function benchFlow({ stages, orders, deliver }: BenchFlow): FlowDefinition {
  if (stages === 1) return sourceAlone(orders);
  const built = flow("bench", (f) => {
    let stream = f.source<Order>("source", orders);
    for (let number = 1; number < stages - 1; number++) stream = stream.map(`transform-${number}`, (o) => reprice(o));
    stream.sink("sink", deliver);
  });
  return must(built.build());
}

/** An author may not leave a source unread; the runtime itself can run one. */
function sourceAlone(orders: () => Items<Order>): FlowDefinition {
  const name = "source";
  return {
    name: "bench",
    topology: must(topology("bench").stage({ name, kind: "source" }).build("structural")),
    stages: [{ kind: "source", name, lane: 1 as LaneId, type: 0 as TypeId, fingerprint: "", open: orders }],
    types: [{ name, version: 1 }],
  };
}
