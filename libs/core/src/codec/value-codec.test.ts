import { describe, expect, it } from "vitest";

import { decodeValues, encodeValues } from "./value-codec.ts";

const MIB = 1024 * 1024;

describe("encodeValues", () => {
  it("keeps values larger than a payload may be, as they are", () => {
    const large = new Map(Array.from({ length: 300_000 }, (_, n) => [`key ${n}`, { n, at: new Date(n) }]));
    const values = [large, undefined, new Set([1n]), -0];
    const body = encodeValues(values, 64 * MIB)._unsafeUnwrap();
    expect(body.length).toBeGreaterThan(4 * MIB);
    expect(decodeValues(body)._unsafeUnwrap()).toEqual(values);
  });

  it("names the value that cannot be stored, and where in it", () => {
    const fault = encodeValues([1, { a: [() => 1] }], MIB)._unsafeUnwrapErr();
    expect(fault).toMatchObject({ kind: "unstorable", value: 1, reason: "function", path: "$.a[0]" });
  });

  it("refuses what takes more than the limit, all values together", () => {
    const half = "x".repeat(600_000);
    expect(encodeValues([half], MIB).isOk()).toBe(true);
    expect(encodeValues([half, half], MIB)._unsafeUnwrapErr()).toMatchObject({ value: 1, reason: "too-large" });
  });
});

describe("decodeValues", () => {
  it("refuses bytes that were not written so", () => {
    const body = encodeValues([{ a: 1 }, "text"], MIB)._unsafeUnwrap();
    expect(decodeValues(body.subarray(0, -1))._unsafeUnwrapErr()).toMatchObject({ kind: "malformed-body" });
    expect(decodeValues(Uint8Array.of(...body, 0))._unsafeUnwrapErr()).toMatchObject({ kind: "malformed-body" });
    expect(decodeValues(new Uint8Array(0))._unsafeUnwrapErr()).toMatchObject({ kind: "malformed-body" });
  });
});
