import { describe, expect, expectTypeOf, it } from "vitest";

import { checkEventType, eventType, upcast, type EventType, type PayloadOf } from "./event-type.ts";

interface Order {
  readonly id: string;
  readonly cents: number;
}

const boom = new Error("boom");

const order = eventType<Order>("order", {
  version: 3,
  upcast: {
    1: (payload) => ({ ...(payload as object), amount: 5 }),
    2: (payload) => {
      const { id, amount } = payload as { id: string; amount: number };
      return { id, cents: amount * 100 };
    },
  },
});

describe("an event type", () => {
  it("carries the type of its payload", () => {
    expectTypeOf<PayloadOf<typeof order>>().toEqualTypeOf<Order>();
    expectTypeOf<PayloadOf<string>>().toBeNever();
  });

  it("has version 1 and no upcasters unless it says otherwise", () => {
    expect(eventType("order")).toEqual({ name: "order", version: 1, schema: undefined, upcasters: new Map() });
    expect(checkEventType(eventType("order"))).toEqual([]);
  });

  it("tells everything that is wrong with it at once", () => {
    const wrong = eventType(" ", { version: 0, upcast: { 0: Number, 1: Number, 2.5: Number } });
    expect(checkEventType(wrong)).toEqual([
      { kind: "bad-type-name", name: " " },
      { kind: "bad-type-version", name: " ", version: 0 },
      { kind: "bad-upcaster", name: " ", from: 0, version: 0 },
      { kind: "bad-upcaster", name: " ", from: 1, version: 0 },
      { kind: "bad-upcaster", name: " ", from: 2.5, version: 0 },
    ]);
    for (const version of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(checkEventType(eventType("order", { version }))).toEqual([
        { kind: "bad-type-version", name: "order", version },
      ]);
    }
    expect(checkEventType(eventType("order", { version: 2, upcast: { 2: Number } }))).toEqual([
      { kind: "bad-upcaster", name: "order", from: 2, version: 2 },
    ]);
  });
});

describe("upcasting", () => {
  it("goes step by step from the recorded version to the present one", () => {
    expect(checkEventType(order)).toEqual([]);
    expect(upcast(order, 1, { id: "a" })._unsafeUnwrap()).toEqual({ id: "a", cents: 500 });
    expect(upcast(order, 2, { id: "a", amount: 7 })._unsafeUnwrap()).toEqual({ id: "a", cents: 700 });
  });

  it("gives a payload of the present version as it is", () => {
    const payload = { id: "a", cents: 1 };
    expect(upcast(order, 3, payload)._unsafeUnwrap()).toBe(payload);
  });

  it("refuses a payload of a later version", () => {
    expect(upcast(order, 4, {})._unsafeUnwrapErr()).toEqual({
      kind: "written-by-later-version",
      type: "order",
      from: 4,
      to: 3,
    });
  });

  it("names the step that is missing", () => {
    const gap: EventType<unknown> = eventType("order", { version: 3, upcast: { 1: (payload) => payload } });
    expect(upcast(gap, 1, {})._unsafeUnwrapErr()).toEqual({ kind: "no-upcaster", type: "order", from: 2, to: 3 });
  });

  it("names the step that threw, and its error", () => {
    const throwing: EventType<unknown> = eventType("order", {
      version: 2,
      upcast: {
        1: () => {
          throw boom;
        },
      },
    });
    expect(upcast(throwing, 1, {})._unsafeUnwrapErr()).toEqual({
      kind: "upcaster-threw",
      type: "order",
      from: 1,
      cause: boom,
    });
  });
});
