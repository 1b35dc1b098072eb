import { decode, encode, ExtensionCodec } from "@msgpack/msgpack";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonical } from "../../test-support/canonical.ts";
import { bodyOf, dataRecord } from "../../test-support/encode.ts";
import { objectOf, storable } from "../../test-support/storable.ts";
import { EXTENSION } from "./extension.ts";
import { MessagePackWriter } from "./message-pack-writer.ts";
import { RecordDecoder } from "./record-codec.ts";

function readBack(payload: unknown): unknown {
  return payloadIn(bodyOf(dataRecord(payload)));
}

function payloadIn(body: Uint8Array): unknown {
  const [record] = new RecordDecoder().decode(body)._unsafeUnwrap();
  return record?.kind === "data" ? record.payload : expect.fail("no data record");
}

describe("a payload that is read back", () => {
  it("is the same, whatever it holds", () => {
    fc.assert(
      fc.property(storable, (payload) => {
        expect(canonical(readBack(payload))).toBe(canonical(payload));
      }),
      { numRuns: 300 },
    );
  });

  it("is the same for texts of every length about the limits of the encoding, in one, two, three and four bytes a letter", () => {
    for (const letter of ["a", "é", "中", "😀", "\uD800"]) {
      for (const length of [
        0, 1, 15, 16, 31, 32, 47, 48, 49, 84, 85, 86, 255, 256, 257, 21_845, 21_846, 65_535, 65_536,
      ]) {
        const text = letter.repeat(length);
        expect(readBack(text) === text, `${length} × ${JSON.stringify(letter)}`).toBe(true);
        const object = { [letter.repeat(letter === "\uD800" ? 0 : length)]: 1 };
        expect(canonical(readBack(object)) === canonical(object)).toBe(true);
      }
    }
  });

  it("is the same for collections of every size about the limits of the encoding", () => {
    for (const length of [0, 1, 15, 16, 255, 256, 65_535, 65_536]) {
      const items = Array.from({ length }, (_, index) => index);
      for (const payload of [
        items,
        new Set(items),
        new Map(items.map((item) => [item, -item])),
        objectOf(items.map((item) => [`k${item}`, item])),
        new Uint8Array(length),
      ]) {
        expect(canonical(readBack(payload)) === canonical(payload), String(length)).toBe(true);
      }
    }
  });

  it("keeps an own __proto__ as data, and changes no prototype by it", () => {
    const payload = JSON.parse('{"__proto__":{"polluted":true},"a":1}') as Record<string, unknown>;
    const back = readBack(payload) as Record<string, unknown>;
    expect(Object.keys(back)).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(back["polluted"]).toBeUndefined();
  });

  it("does not share memory with what was stored", () => {
    const body = bodyOf(dataRecord(Uint8Array.of(1, 2, 3)));
    const bytes = payloadIn(body);
    body.fill(0xff);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("is plain where only the outside differs: no prototype, a getter, an object met twice", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const twice = { b: 2 };
    const getter = {
      get now() {
        return 3;
      },
    };
    expect(canonical(readBack([bare, getter, twice, twice]))).toBe(
      canonical([{ a: 1 }, { now: 3 }, { b: 2 }, { b: 2 }]),
    );
  });

  it("leaves out symbol keys, hidden properties, and properties on collections", () => {
    const object = Object.defineProperty({ a: 1, [Symbol("tag")]: 2 }, "hidden", { value: 3, enumerable: false });
    const array = Object.assign([1, 2], { index: 0 });
    expect(canonical(readBack([object, array]))).toBe(canonical([{ a: 1 }, [1, 2]]));
  });

  it("may be a proxy of a plain object or an array", () => {
    expect(canonical(readBack(new Proxy({ a: [new Proxy([1], {})] }, {})))).toBe(canonical({ a: [[1]] }));
  });
});

describe("the MessagePack library", () => {
  const extensionCodec = new ExtensionCodec();
  const never = (): null => null;
  const nested = (bytes: Uint8Array): unknown => decode(bytes, { extensionCodec });
  const readers: Readonly<Record<number, (bytes: Uint8Array) => unknown>> = {
    [EXTENSION.undefined]: () => undefined,
    [EXTENSION.bigint]: ([sign, ...digits]) => {
      const magnitude = digits.reduce((sum, digit) => sum * 256n + BigInt(digit), 0n);
      return sign === 1 ? -magnitude : magnitude;
    },
    [EXTENSION.map]: (bytes) => {
      const flat = nested(bytes) as unknown[];
      return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[i * 2], flat[i * 2 + 1]]));
    },
    [EXTENSION.set]: (bytes) => new Set(nested(bytes) as unknown[]),
    [EXTENSION.utf16]: (bytes) =>
      String.fromCharCode(
        ...Array.from({ length: bytes.length / 2 }, (_, i) => bytes[i * 2]! * 256 + bytes[i * 2 + 1]!),
      ),
  };
  for (const [type, read] of Object.entries(readers)) {
    extensionCodec.register({ type: Number(type), encode: never, decode: read });
  }

  it("reads all that is written here, but for the keys it refuses", () => {
    fc.assert(
      fc.property(storable, (payload) => {
        fc.pre(!canonical(payload).includes('"__proto__"'));
        const [record] = decode(bodyOf(dataRecord(payload)), { extensionCodec }) as [unknown[]];
        expect(canonical(record)).toBe(canonical([0, 1, 0, 1, 7, payload]));
      }),
      { numRuns: 300 },
    );
  });

  it("writes nothing of JSON's values that is not read here", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(canonical(payloadIn(encode([[0, 1, 0, 1, 7, expected]])))).toBe(canonical(expected));
      }),
      { numRuns: 300 },
    );
  });

  it("writes numbers of every size as they are read here", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.double({ noNaN: true })), (value) => {
        fc.pre(!Object.is(value, -0));
        expect(payloadIn(encode([[0, 1, 0, 1, 7, value]]))).toBe(value);
      }),
    );
  });
});

describe("the writer", () => {
  it("keeps what its owner placed before a value, also when the value makes the buffer grow", () => {
    const writer = new MessagePackWriter(1);
    writer.reserve(4);
    writer.view.setUint32(0, 0xdeadbeef);
    writer.at = 4;
    writer.payload("x".repeat(10_000));
    expect(writer.view.getUint32(0)).toBe(0xdeadbeef);
    expect(decode(writer.bytes.subarray(4, writer.at))).toBe("x".repeat(10_000));
  });

  it("writes integers beyond 32 bits as integers, so that readers in other languages take them", () => {
    const writer = new MessagePackWriter(16);
    for (const [value, tag] of [
      [2 ** 32, 0xcf],
      [-(2 ** 31) - 1, 0xd3],
      [2 ** 53, 0xcb],
      [-0, 0xcb],
    ] as const) {
      writer.at = 0;
      writer.payload(value);
      expect(writer.bytes[0]).toBe(tag);
    }
  });
});
