import { circuitBreaker, effect, EffectFailure, flow, rateLimit, retry, timeout } from "refold";

export interface Order {
  readonly id: number;
  readonly amount: number;
}

/** How many orders there are. */
export const ORDERS = 120;

/** What is charged for an order, in cents. */
function orders(): readonly Order[] {
  return Array.from({ length: ORDERS }, (_, id) => ({ id, amount: 100 + ((id * 379) % 900) }));
}

/** A call that goes on record. What happens when it is made twice, it says by its safety: the service knows a charge by its key. */
const charge = effect({
  name: "charge",
  safety: "keyed",
  client: () => ({ url: process.env["PAYMENTS_URL"] ?? "http://127.0.0.1:8080" }),
  run: async ({ id, amount }: Order, { key, signal, client }) => {
    const response = await fetch(client.url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ order: id, amount }),
      signal,
    });
    const { status } = response;
    // The service of the example answers with one of these.
    const body = (await response.json()) as { readonly receipt?: string; readonly limit?: number };
    if (body.receipt !== undefined) return { receipt: body.receipt };
    if (status === 402) {
      return new EffectFailure({ error: "domain", message: "beyond the limit", detail: { limit: body.limit } });
    }
    const retryAfterMs = Number(response.headers.get("retry-after")) * 1_000;
    const error = status === 429 ? "rate-limited" : "remote";
    return new EffectFailure({ error, message: `status ${status}`, detail: { limit: undefined }, retryAfterMs });
  },
  policies: [
    timeout(250),
    retry({ attempts: 5, firstMs: 25 }),
    circuitBreaker({ consecutive: 4, openMs: 400, whileOpen: "wait" }),
    rateLimit({ perSecond: 400, burst: 20 }),
  ],
});

/** Charges orders by a service that fails: what cannot be charged now is put aside, with why. */
export default flow("payments", (f) => {
  const charged = f.source("orders", orders()).effectful("charged", {
    effects: { charge },
    concurrency: 8,
    handle: async (order, { effects, reject }) => {
      const outcome = await effects.charge(order);
      if (outcome.isOk()) return { ...order, receipt: outcome.value.receipt };
      reject(outcome.error.error, outcome.error.message);
      return undefined;
    },
  });
  charged.sink("paid", () => undefined);
  charged.errors.sink("put-aside", () => undefined);
});
