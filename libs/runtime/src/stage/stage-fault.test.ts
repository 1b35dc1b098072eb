import { describe, expect, it } from "vitest";

import { thrownFault } from "./stage-fault.ts";

function messageOf(cause: unknown): string {
  return thrownFault("handler-threw", "priced", cause).message;
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;

describe("what was thrown", () => {
  it.each([
    ["an error", new RangeError("too far"), "RangeError: too far"],
    ["undefined", undefined, "a thrown undefined"],
    ["null", null, "a thrown null"],
    ["a string", "why", "a thrown string: why"],
    ["a symbol", Symbol("why"), "a thrown symbol: Symbol(why)"],
    ["a plain object", { code: 7, why: "late" }, "a thrown object: code 7 (not shown: why)"],
    ["an object without a prototype", Object.assign(Object.create(null), { code: 7 }), "a thrown object: code 7"],
    ["an object with a text", { toString: () => "my own text" }, "a thrown object: my own text"],
    ["a list", [1, 2], "a thrown object: a list of 2"],
    ["an object that holds itself", circular, "a thrown object: (not shown: self)"],
    [
      "an error with a name and a message that are none",
      Object.assign(new Error("x"), { name: null, message: 5 }),
      "null: 5",
    ],
  ])("is told by what it is: %s", (_, cause, message) => {
    expect(messageOf(cause)).toBe(message);
  });

  it("is told by its type when it throws at every touch", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(messageOf(proxy)).toBe("a thrown object");
    const trap = Object.defineProperty(new Error("x"), "message", {
      get() {
        throw new Error("another");
      },
    });
    expect(messageOf(trap)).toBe("a thrown object");
  });

  it("is cut where it is long", () => {
    const message = messageOf({ message: "x".repeat(100_000) });
    expect(message).toHaveLength(8193);
    expect(message).toMatch(/^a thrown object: message xxx.*x…$/);
  });

  it("has a stack only where that is a text", () => {
    expect(thrownFault("handler-threw", "priced", new Error("x")).stack).toMatch(/Error: x/);
    expect(thrownFault("handler-threw", "priced", Object.assign(new Error("x"), { stack: 5 }))).not.toHaveProperty(
      "stack",
    );
  });
});
