import fc from "fast-check";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";

import { crc32 } from "./crc32.ts";

describe("crc32", () => {
  it("is the CRC-32 that others compute", () => {
    const check = new TextEncoder().encode("123456789");
    expect(crc32(check, 0, 9)).toBe(0xcbf43926);
    expect(crc32(check, 3, 3)).toBe(0);
  });

  it("is the one of zlib, for any bytes, few or many, within an array", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        expect(crc32(bytes, start, end)).toBe(zlib.crc32(bytes.subarray(start, end)));
      }),
    );
  });
});
