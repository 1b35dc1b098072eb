import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonical } from "../../test-support/canonical.ts";
import { bodyOf, dataRecord } from "../../test-support/encode.ts";
import { storable } from "../../test-support/storable.ts";
import { MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from "../limits.ts";
import { RecordDecoder } from "./record-codec.ts";

const RICH = {
  text: "plain",
  wide: "é中😀",
  long: "a text of more than forty-eight letters, so that it takes the other way",
  broken: "\uD800",
  numbers: [0, -0, 1.5, -1, 200, -200, 70_000, -70_000, 2 ** 40, -(2 ** 40), Number.NaN],
  big: -(2n ** 70n),
  bytes: Uint8Array.of(1, 2, 3),
  date: new Date(-1),
  map: new Map<unknown, unknown>([[{ a: 1 }, new Set([undefined, null, true])]]),
  "a key of more than thirty-one letters, which is not cached": false,
};

/** The body of one cursor record whose cursor is these bytes. */
function bodyWith(...cursor: readonly number[]): Uint8Array {
  return Uint8Array.from([0x91, 0x92, 13].concat(cursor));
}

function detailOf(body: Uint8Array): string {
  const fault = new RecordDecoder().decode(body)._unsafeUnwrapErr();
  expect(fault.kind).toBe("malformed-body");
  expect(fault.at).toBeGreaterThanOrEqual(0);
  expect(fault.at).toBeLessThanOrEqual(body.length);
  return fault.detail;
}

/** Reads what may be anything: what is read must be a value or a fault. */
function survives(body: Uint8Array): boolean {
  const result = new RecordDecoder().decode(body);
  return result.isOk() || (result.error.kind === "malformed-body" && result.error.at <= body.length);
}

describe("a body that is not what was written", () => {
  it("is refused when it is cut short, at every byte", () => {
    const body = bodyOf(dataRecord(RICH), dataRecord(1));
    for (let length = 0; length < body.length; length++) {
      expect(new RecordDecoder().decode(body.subarray(0, length)).isErr(), `${length} bytes`).toBe(true);
    }
  });

  it("is refused when it is cut short, whatever it holds", () => {
    fc.assert(
      fc.property(storable, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (payload, share) => {
        const body = bodyOf(dataRecord(payload));
        expect(new RecordDecoder().decode(body.subarray(0, Math.floor(body.length * share))).isErr()).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("is read or refused when a byte is another, at every byte and for every value of it", () => {
    const body = bodyOf(dataRecord(RICH));
    for (let at = 0; at < body.length; at++) {
      const changed = body.slice();
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        if (!survives(changed)) expect.fail(`byte ${at} as ${value}`);
      }
    }
  });

  it("is read or refused when it is noise", () => {
    const noise = fc.array(fc.oneof(fc.nat(255), fc.integer({ min: 0x80, max: 0xdf })), { maxLength: 200 });
    fc.assert(
      fc.property(noise, (bytes) => survives(Uint8Array.from(bytes)) && survives(bodyWith(...bytes))),
      { numRuns: 2000 },
    );
  });

  const refused: readonly [name: string, state: readonly number[], detail: RegExp][] = [
    ["an array longer than the body", [0xdd, 0xff, 0xff, 0xff, 0xff], /beyond/],
    ["a short array longer than the body", [0xdc, 0xff, 0xff, 0xc0], /beyond/],
    ["a map longer than the body", [0xdf, 0xff, 0xff, 0xff, 0xff], /beyond/],
    ["a text longer than the body", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], /cut off/],
    ["bytes longer than the body", [0xc6, 0xff, 0xff, 0xff, 0xff, 0x61], /cut off/],
    ["an extension longer than the body", [0xc9, 0xff, 0xff, 0xff, 0xff, 1, 0, 1], /beyond/],
    ["a set that claims more members than bytes", [0xc7, 5, 3, 0xdd, 0xff, 0xff, 0xff, 0xff], /beyond/],
    ["values nested without end", new Array<number>(100_000).fill(0x91), /too deeply/],
    [
      "objects nested without end",
      new Array<number>(60_000).fill(0).map((_, i) => [0x81, 0xa1, 0x61][i % 3] as number),
      /too deeply/,
    ],
    ["a text that is not UTF-8", [0xa2, 0xc3, 0x28], /UTF-8/],
    ["an overlong text", [0xa2, 0xc0, 0x80], /UTF-8/],
    ["a surrogate in UTF-8", [0xa3, 0xed, 0xa0, 0x80], /UTF-8/],
    ["a key that is not UTF-8", [0x81, 0xa1, 0xff, 0xc0], /UTF-8/],
    ["a key that is a number", [0x81, 0x01, 0xc0], /key that is not text/],
    ["an unknown extension", [0xd4, 99, 0], /extension type 99/],
    ["an undefined that says more", [0xd4, 0, 1], /undefined/],
    ["an undefined of two bytes", [0xc7, 2, 0, 0, 0], /undefined/],
    ["a bigint without digits", [0xc7, 1, 1, 0], /without digits/],
    ["a bigint of a third sign", [0xc7, 2, 1, 2, 5], /sign/],
    ["a timestamp of 32 bits", [0xd6, 0xff, 0, 0, 0, 0], /begins no value/],
    ["a timestamp of another size", [0xc7, 4, 0xff, 0, 0, 0, 0], /96 bits/],
    ["a time no Date reaches", [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0], /no Date/],
    ["a time between two milliseconds", [0xc7, 12, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], /no Date/],
    ["more than a second of nanoseconds", [0xc7, 12, 0xff, 0x3b, 0x9a, 0xca, 0, 0, 0, 0, 0, 0, 0, 0, 0], /no Date/],
    ["a map with a key twice", [0xc7, 5, 2, 0x94, 1, 1, 1, 2], /same key twice/],
    ["a map with half an entry", [0xc7, 2, 2, 0x91, 1], /no value/],
    ["a set with a member twice", [0xc7, 3, 3, 0x92, 1, 1], /same member twice/],
    ["a set of another length than it says", [0xc7, 4, 3, 0x92, 1, 2, 3], /length/],
    ["a set that is no array", [0xc7, 1, 3, 0xc0], /array was expected/],
    ["half a code unit", [0xc7, 3, 4, 0xd8, 0, 0], /half/],
    ["an integer no number holds", [0xcf, 0x00, 0x20, 0, 0, 0, 0, 0, 1], /2\^53/],
    ["an integer below any number", [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], /2\^53/],
    ["a float of 32 bits", [0xca, 0, 0, 0, 0], /begins no value/],
    ["a tag that is never used", [0xc1], /begins no value/],
  ];
  for (const [name, state, detail] of refused) {
    it(`is refused: ${name}`, () => {
      expect(detailOf(bodyWith(...state))).toMatch(detail);
    });
  }

  it("is refused where it claims more records than it holds", () => {
    expect(detailOf(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toMatch(/beyond/);
    expect(detailOf(Uint8Array.of(0xdc, 0xff, 0xff))).toMatch(/cut off/);
  });
});

describe("the reader", () => {
  it(`reads ${MAX_PAYLOAD_DEPTH} levels and refuses one more`, () => {
    const nested = (levels: number): Uint8Array => bodyWith(...new Array<number>(levels - 1).fill(0x91), 0x90);
    expect(new RecordDecoder().decode(nested(MAX_PAYLOAD_DEPTH)).isOk()).toBe(true);
    expect(detailOf(nested(MAX_PAYLOAD_DEPTH + 1))).toMatch(/too deeply/);
  });

  it("reads the largest bigint that is written", () => {
    const largest = -(2n ** BigInt((MAX_PAYLOAD_BYTES - 16) * 8));
    const [record] = new RecordDecoder().decode(bodyOf(dataRecord(largest)))._unsafeUnwrap();
    expect(record?.kind === "data" && record.payload === largest).toBe(true);
  });

  it("reads on after a fault", () => {
    const decoder = new RecordDecoder();
    const body = bodyOf(dataRecord(RICH));
    expect(decoder.decode(body.subarray(0, 40)).isErr()).toBe(true);
    expect(canonical(decoder.decode(body)._unsafeUnwrap())).toBe(canonical([dataRecord(RICH)]));
  });

  it("tells keys of the same length and hash apart", () => {
    const decoder = new RecordDecoder();
    // "Aa" and "BB" have the same sum under a factor of 31.
    for (const key of ["AaAa", "BBBB", "AaBB", "BBAa", "AaAa", "éé", "AaBB"]) {
      const [record] = decoder.decode(bodyOf(dataRecord({ [key]: 1 })))._unsafeUnwrap();
      expect(record?.kind === "data" && record.payload).toEqual({ [key]: 1 });
    }
  });

  it("reads bytes of a Buffer as a plain Uint8Array that does not share its memory", () => {
    const body = Buffer.from(bodyOf(dataRecord(Uint8Array.of(1, 2))));
    const [record] = new RecordDecoder().decode(body)._unsafeUnwrap();
    body.fill(0);
    expect(canonical(record)).toBe(canonical(dataRecord(Uint8Array.of(1, 2))));
  });
});
