/** The event of the benches: eight fields, about 150 bytes as MessagePack. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly product: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly placedAtMs: number;
  readonly express: boolean;
  readonly note: string;
}

/** How many customers there are, unless a bench needs more keys. */
const CUSTOMERS = 997;

export function makeOrder(index: number, customers: number = CUSTOMERS): Order {
  return {
    id: `order-${100_000_000 + index}`,
    customer: `customer-${1000 + (index % customers)}`,
    product: `product-${100 + (index % 89)}`,
    quantity: 1 + (index % 7),
    priceCents: 500 + (index % 9973),
    placedAtMs: 1_700_000_000_000 + index,
    express: index % 5 === 0,
    note: "leave it at the green door",
  };
}

/** What each transform of a bench does: a new object of the same shape. Field by field: a spread takes ten times as long on V8. */
export function reprice(order: Order): Order {
  return {
    id: order.id,
    customer: order.customer,
    product: order.product,
    quantity: order.quantity,
    priceCents: order.priceCents + 1,
    placedAtMs: order.placedAtMs,
    express: order.express,
    note: order.note,
  };
}

export function* makeOrders(count: number, customers: number = CUSTOMERS): Generator<Order> {
  for (let index = 0; index < count; index++) yield makeOrder(index, customers);
}
