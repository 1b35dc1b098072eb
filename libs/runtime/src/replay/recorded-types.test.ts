import { describe, expect, it } from "vitest";

import { eventType, type EventType } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { flow, type Flow } from "../authoring/flow.ts";

interface OrderV1 {
  readonly total: number;
}
interface OrderV2 {
  readonly cents: number;
  readonly currency: string;
}

const ordersV1 = flow("orders", (f) => {
  f.source("orders", [{ total: 1 }, { total: 2.5 }], { type: eventType<OrderV1>("order") })
    .map("cents", ({ total }) => total * 100)
    .sink("out", () => undefined);
});

const ordersV2 = (type: EventType<OrderV2>, scale = 1): Flow =>
  flow("orders", (f) => {
    f.source("orders", [] as OrderV2[], { type })
      .map("cents", ({ cents }) => cents * scale)
      .sink("out", () => undefined);
  });

const withUpcaster = eventType<OrderV2>("order", {
  version: 2,
  // What version 1 wrote.
  upcast: { 1: (order) => ({ cents: (order as OrderV1).total * 100, currency: "EUR" }) },
});

describe("a run that was recorded with an older version of an event type", () => {
  it("is replayed by the code of today where the type leads from there, and the candidate is of the new version", async () => {
    const store = memoryStore();
    await runFlow(ordersV1, { store });
    const { report, recorded } = await replayFlow(ordersV2(withUpcaster), { store });
    expect(report).toMatchObject({ verdict: "matched", uncertified: [] });
    expect(recorded.payloads("orders")).toEqual([
      { cents: 100, currency: "EUR" },
      { cents: 250, currency: "EUR" },
    ]);
    expect(recorded.manifest.types.find(({ name }) => name === "order")).toEqual({ name: "order", version: 2 });
  });

  it("shows what the code of today computes otherwise", async () => {
    const store = memoryStore();
    await runFlow(ordersV1, { store });
    const { report } = await replayFlow(ordersV2(withUpcaster, 2), { store });
    expect(report).toMatchObject({ verdict: "diverged", first: { stage: "cents", recorded: 100, recomputed: 200 } });
  });

  it("is refused where no upcaster leads from there, naming type and versions", async () => {
    const store = memoryStore();
    await runFlow(ordersV1, { store });
    const refused = replayFlow(ordersV2(eventType<OrderV2>("order", { version: 3, upcast: { 1: (order) => order } })), {
      store,
    });
    await expect(refused).rejects.toMatchObject({
      cause: {
        kind: "flow-differs",
        differences: [
          'Event type "order" is on record in version 1, but the flow has version 3, and no upcaster from version 2.',
        ],
      },
    });
  });

  it("is refused where the upcaster throws, at the frame", async () => {
    const store = memoryStore();
    await runFlow(ordersV1, { store });
    const type = eventType<OrderV2>("order", {
      version: 2,
      upcast: {
        1: () => {
          throw new Error("no idea");
        },
      },
    });
    await expect(replayFlow(ordersV2(type), { store })).rejects.toMatchObject({
      cause: {
        kind: "upcast-failed",
        type: "order",
        from: 1,
        to: 2,
        detail: "the upcaster from version 1 threw: no idea",
      },
    });
  });

  it("cannot be gone on with in place, since it would hold two versions", async () => {
    const { recorded } = await runFlow(ordersV1, { store: memoryStore() });
    const store = await killedAfter(recorded, recorded.frames.length - 3);
    await expect(FlowRun.resume(ordersV2(withUpcaster), { store })).rejects.toMatchObject({
      cause: { kind: "flow-differs" },
    });
  });
});
