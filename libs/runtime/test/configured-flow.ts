import { topology, type Topology } from "@refold/topology";

/** A flow with a source, a sink, an observer, a cycle between `priced` and `by.customer`, and a name with a dot. */
export function configuredFlow(): Topology {
  return topology("orders")
    .stage({ name: "orders", kind: "source" })
    .stage({ name: "priced", kind: "transform" })
    .stage({ name: "by.customer", kind: "transform" })
    .stage({ name: "report", kind: "sink" })
    .stage({ name: "watch", kind: "observer" })
    .edge({ from: "orders", to: "priced" })
    .edge({ from: "priced", to: "by.customer" })
    .edge({ from: "by.customer", to: "priced", kind: "backward" })
    .edge({ from: "by.customer", to: "report" })
    .edge({ from: "priced", to: "watch" })
    .build("full")
    ._unsafeUnwrap();
}
