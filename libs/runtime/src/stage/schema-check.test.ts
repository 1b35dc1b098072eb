import { describe, expect, it } from "vitest";

import { eventType } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { runFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";

interface Order {
  readonly id: number;
  readonly price: number;
}

/** A schema of the Standard Schema kind: prices are not below 0. */
const Order = eventType<Order>("order", {
  schema: {
    "~standard": {
      version: 1,
      vendor: "a test",
      validate: (value) => {
        const order = value as Order;
        return order.price >= 0 ? { value: order } : { issues: [{ message: "is below 0", path: ["price"] }] };
      },
    },
  },
});

const orders = (delivered: unknown[]): Flow =>
  flow("orders", (f) => {
    f.source(
      "orders",
      [1, 2, -3, 4].map((price, id) => ({ id, price })),
      { type: Order },
    )
      .map("ids", ({ id }) => id)
      .sink("out", (id) => void delivered.push(id));
  });

describe("the schema contract of an edge", () => {
  it("fails the stage at the first payload that does not satisfy it, names edge, place and path, and keeps what was before", async () => {
    const delivered: unknown[] = [];
    const described = orders(delivered);
    const { report, recorded } = await runFlow(described, {
      store: memoryStore(),
      configuration: { flow: { "contracts.schema": "abort" } },
    });
    expect(report.status).toBe("failed");
    expect(report.fault).toMatchObject({ code: "contract-violated", stage: "ids", input: "orders:5" });
    expect(report.fault?.message).toBe("the schema contract of orders -> ids is violated: price: is below 0");
    expect(recorded.payloads("ids")).toEqual([0, 1]);
  });

  it("is only counted, with evidence on record, where it is to warn", async () => {
    const delivered: unknown[] = [];
    const described = orders(delivered);
    const { report, recorded } = await runFlow(described, {
      store: memoryStore(),
      configuration: { flow: { "contracts.schema": "warn" } },
    });
    expect(report.status).toBe("completed");
    expect(delivered).toEqual([0, 1, 2, 3]);
    const evidence = recorded.recordsOf("ids", "contract").find(({ contract }) => contract === "schema");
    expect(evidence).toMatchObject({ verdict: "violated", advertised: 4, read: 3 });
  });

  it("is not looked at unless it is asked for", async () => {
    const delivered: unknown[] = [];
    const { report, recorded } = await runFlow(orders(delivered), { store: memoryStore() });
    expect(report.status).toBe("completed");
    expect(recorded.recordsOf("ids", "contract").map(({ contract }) => contract)).toEqual(["transport"]);
  });
});

describe("a schema that throws", () => {
  it("is a payload that does not satisfy it", async () => {
    const Broken = eventType<number>("number", {
      schema: {
        "~standard": {
          version: 1,
          vendor: "a test",
          validate: () => {
            throw new Error("no schema");
          },
        },
      },
    });
    const described = flow("broken", (f) => {
      f.source("numbers", [1], { type: Broken }).sink("out", () => undefined);
    });
    const { report } = await runFlow(described, {
      store: memoryStore(),
      configuration: { flow: { "contracts.schema": "abort" } },
    });
    expect(report.fault).toMatchObject({ code: "contract-violated", stage: "out", input: "numbers:3" });
    expect(report.fault?.message).toContain("its schema threw: no schema");
  });
});

describe("a frozen payload", () => {
  const changing = (): Flow =>
    flow("changing", (f) => {
      f.source("orders", [{ lines: [{ price: 1 }] }])
        .map("changed", (order) => {
          for (const line of order.lines) line.price = 2;
          return order;
        })
        .sink("out", () => undefined);
    });

  it("fails the handler that changes it, however deep", async () => {
    const described = changing();
    const { report } = await runFlow(described, {
      store: memoryStore(),
      configuration: { flow: { "development.freeze": true } },
    });
    expect(report.fault).toMatchObject({ code: "handler-threw", stage: "changed", input: "orders:3" });
  });

  it("is not frozen by default", async () => {
    const { report } = await runFlow(changing(), { store: memoryStore() });
    expect(report.status).toBe("completed");
  });
});
