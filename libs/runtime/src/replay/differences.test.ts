import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { differences } from "./differences.ts";

const paths = (a: unknown, b: unknown): readonly string[] => differences(a, b).map(({ path }) => path);

describe("differences", () => {
  it("finds none between a value and a copy of it", () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: false,
    });
    fc.assert(fc.property(value, (any) => void expect(differences(any, structuredClone(any))).toEqual([])));
  });

  it("names the path and both sides", () => {
    expect(differences({ a: [1, { b: "x" }] }, { a: [1, { b: "y" }] })).toEqual([
      { path: "$.a[1].b", recorded: '"x"', recomputed: '"y"' },
    ]);
    expect(differences(1, 2)).toEqual([{ path: "$", recorded: "1", recomputed: "2" }]);
  });

  it("does not mind the order of keys, and does mind that of a map's entries and a set's values", () => {
    expect(differences({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
    expect(
      paths(
        new Map([
          ["a", 1],
          ["b", 1],
        ]),
        new Map([
          ["b", 1],
          ["a", 1],
        ]),
      ),
    ).toEqual(["$.entries[0]", "$.entries[2]"]);
    expect(paths(new Set([1, 2]), new Set([2, 1]))).toEqual(["$.values[0]", "$.values[1]"]);
  });

  it("tells apart what looks alike", () => {
    for (const [a, b] of [
      [0, -0],
      [1, 1n],
      [1, "1"],
      [null, undefined],
      [{}, []],
      [new Date(0), new Date(1)],
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [new Uint8Array([1]), new Uint8Array([2])],
      [new Uint8Array([1]), [1]],
      [new Map(), new Set()],
      [new Map(), {}],
      [Number.NaN, 0],
      [{ a: undefined }, {}],
    ]) {
      expect(differences(a, b)).toHaveLength(1);
      expect(differences(b, a)).toHaveLength(1);
    }
    expect(differences(Number.NaN, Number.NaN)).toEqual([]);
  });

  it("names what one side alone has", () => {
    expect(differences({ a: 1 }, { b: 2 })).toEqual([
      { path: "$.a", recorded: "1", recomputed: "(none)" },
      { path: "$.b", recorded: "(none)", recomputed: "2" },
    ]);
    expect(differences([1], [1, 2, 3])).toEqual([
      { path: "$[1]", recorded: "(none)", recomputed: "2" },
      { path: "$[2]", recorded: "(none)", recomputed: "3" },
    ]);
  });

  it("is not misled by keys that every object inherits", () => {
    const recorded = JSON.parse('{"__proto__": 1}') as unknown;
    expect(paths(recorded, {})).toEqual(["$.__proto__"]);
    expect(paths({ toString: 1 }, {})).toEqual(["$.toString"]);
  });

  it("stops at 20, however many there are, and cuts long texts", () => {
    const a = Array.from({ length: 1_000 }, (_, i) => ({ n: i }));
    const b = a.map(({ n }) => ({ n: -n - 1 }));
    expect(differences(a, b)).toHaveLength(20);
    expect(differences(Object.fromEntries(a.entries()), {})).toHaveLength(20);
    const [long] = differences("x".repeat(1_000_000), new Uint8Array(1_000_000));
    expect(long?.recorded.length).toBeLessThan(200);
    expect(long?.recomputed.length).toBeLessThan(200);
  });

  it("shows every kind of value as text", () => {
    const shown = (value: unknown): string => differences(value, "other")[0]?.recorded as string;
    expect(shown(-0)).toBe("-0");
    expect(shown(12n)).toBe("12n");
    expect(shown(undefined)).toBe("undefined");
    expect(shown(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(shown(new Date(Number.NaN))).toBe("Invalid Date");
    expect(shown(new Uint8Array([0, 255]))).toBe("bytes 00ff");
    expect(shown(new Map([["a", [1]]]))).toBe('Map [["a", [1]]]');
    expect(shown(new Set([1]))).toBe("Set [1]");
    expect(shown({ a: { b: null } })).toBe("{ a: { b: null } }");
  });

  it("tells of anything at all in a short text: cycles, depths, what throws when it is read", () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic["self"] = cyclic;
    let deep: unknown = 0;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    let wide: unknown = [];
    for (let i = 0; i < 60; i++) wide = [wide, wide];
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = {
      get a(): never {
        throw new Error("unreadable");
      },
    };
    for (const value of [cyclic, deep, wide, proxy, throwing, Object.create(Date.prototype), Symbol("s"), () => 1]) {
      for (const found of [differences({ a: 1, self: 2 }, value), differences(value, [1])]) {
        expect(found.length).toBeGreaterThan(0);
        for (const { recorded, recomputed } of found) {
          expect(recorded.length).toBeLessThan(130);
          expect(recomputed.length).toBeLessThan(130);
        }
      }
    }
    const other: Record<string, unknown> = { a: 1 };
    other["self"] = other;
    expect(differences(cyclic, other)).toHaveLength(1);
  });

  it("tells bytes apart beyond what it shows of them", () => {
    const bytes = new Uint8Array(10_000);
    const changed = Uint8Array.from(bytes);
    changed[9_999] = 1;
    expect(differences(bytes, Uint8Array.from(bytes))).toEqual([]);
    expect(differences(bytes, changed)).toHaveLength(1);
  });
});
