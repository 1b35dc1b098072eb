import { flow, groupBy, onEnd, type Flow } from "@refold/runtime";

import { makeOrders, reprice, type Order } from "./order.ts";

/** A flow of a shape, and what a run of it comes to. */
export interface ShapeFlow {
  readonly flow: Flow;
  /** Data records that go on record, over all lanes. */
  readonly records: number;
  /** Items that reach sinks. */
  readonly delivered: number;
}

/** So many events enter; `deliver` is called for each item at each sink. */
export type Shape = (events: number, deliver: (item: unknown) => void) => ShapeFlow;

const BRANCHES = 5;
const KEYS = 100_000;
const REFERENCES = 1000;

/** What every other shape is held against. */
export const plainShape: Shape = (events, deliver) => ({
  flow: flow("plain", (f) => {
    f.source("source", () => makeOrders(events))
      .map("transform", (order) => reprice(order))
      .sink("sink", deliver);
  }),
  records: 2 * events,
  delivered: events,
});

interface Discount {
  readonly customer: string;
  readonly cents: number;
}

/** Each order meets a reference: there are more of these than customers. */
export const joinShape: Shape = (events, deliver) => ({
  flow: flow("join", (f) => {
    const discounts = f.source("discounts", makeDiscounts);
    f.source("source", () => makeOrders(events))
      .join("join", discounts, {
        key: ({ customer }) => customer,
        on: ({ customer }) => customer,
        combine: discounted,
      })
      .sink("sink", deliver);
  }),
  records: 2 * events + REFERENCES,
  delivered: events,
});

/** Each key comes up as often as any other, in turn, and is emitted at the end. */
export const groupByShape: Shape = (events, deliver) => {
  const groups = Math.min(KEYS, events);
  return {
    flow: flow("group-by", (f) => {
      f.source("source", () => makeOrders(events, KEYS))
        .stateful(
          "group-by",
          groupBy({
            key: ({ customer }) => customer,
            initial: () => ({ orders: 0, cents: 0 }),
            fold: ({ orders, cents }, { quantity, priceCents }) => ({
              orders: orders + 1,
              cents: cents + quantity * priceCents,
            }),
            emit: onEnd(),
          }),
        )
        .sink("sink", deliver);
    }),
    records: events + groups,
    delivered: groups,
  };
};

export const fanInShape: Shape = (events, deliver) => {
  const each = Math.ceil(events / BRANCHES);
  return {
    flow: flow("fan-in", (f) => {
      const sources = branches((number) => f.source(`source-${number}`, () => makeOrders(each)));
      f.merge(...sources)
        .map("transform", (order) => reprice(order))
        .sink("sink", deliver);
    }),
    records: 2 * each * BRANCHES,
    delivered: each * BRANCHES,
  };
};

export const fanOutShape: Shape = (events, deliver) => ({
  flow: flow("fan-out", (f) => {
    const source = f.source("source", () => makeOrders(events));
    branches((number) => source.map(`transform-${number}`, (order) => reprice(order)).sink(`sink-${number}`, deliver));
  }),
  records: events * (1 + BRANCHES),
  delivered: events * BRANCHES,
});

function branches<T>(make: (number: number) => T): readonly T[] {
  return Array.from({ length: BRANCHES }, (_, index) => make(index + 1));
}

function* makeDiscounts(): Generator<Discount> {
  for (let index = 0; index < REFERENCES; index++) yield { customer: `customer-${1000 + index}`, cents: index };
}

/** Field by field, as `reprice` does it. */
function discounted(order: Order, { cents }: Discount): Order {
  return {
    id: order.id,
    customer: order.customer,
    product: order.product,
    quantity: order.quantity,
    priceCents: order.priceCents - cents,
    placedAtMs: order.placedAtMs,
    express: order.express,
    note: order.note,
  };
}
