import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonical } from "../../test-support/canonical.ts";
import { dataRecord, refusalOf } from "../../test-support/encode.ts";
import { storable } from "../../test-support/storable.ts";
import { MAX_FRAME_BYTES, MAX_FRAME_RECORDS, MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from "../limits.ts";
import { MessagePackWriter } from "./message-pack-writer.ts";
import { encodeRecords, RecordDecoder } from "./record-codec.ts";
import type { UnstorableReason } from "./unstorable.ts";

class Money {
  readonly cents = 5;
}
class Amounts extends Array<number> {}
class Index extends Map<string, number> {}
class Tags extends Set<string> {}
class Day extends Date {}
class Hash extends Uint8Array {}

const throwing = (): never => {
  throw new RangeError("no such thing");
};

function nestedTo(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

describe("a value that cannot be stored is refused with its path", () => {
  const refused: readonly [name: string, payload: unknown, reason: UnstorableReason, path: string, detail: RegExp][] = [
    ["a function", { a: [{ b: () => 1 }] }, "function", "$.a[0].b", /function/],
    ["a method", { total() {} }, "function", "$.total", /function/],
    ["a symbol", { a: Symbol("s") }, "symbol", "$.a", /symbol/],
    ["an instance of a class", { price: new Money() }, "class-instance", "$.price", /class Money/],
    ["an error", [new TypeError("x")], "class-instance", "$[0]", /class TypeError/],
    ["a regular expression", /x/, "class-instance", "$", /class RegExp/],
    ["a boxed number", [Object(5)], "class-instance", "$[0]", /class Number/],
    ["a boxed string", [Object("text")], "class-instance", "$[0]", /class String/],
    ["a subclass of Array", { a: new Amounts() }, "class-instance", "$.a", /class Amounts/],
    ["a subclass of Map", { a: new Index() }, "class-instance", "$.a", /class Index/],
    ["a subclass of Set", { a: new Tags() }, "class-instance", "$.a", /class Tags/],
    ["a subclass of Date", { a: new Day(0) }, "class-instance", "$.a", /class Day/],
    ["a subclass of Uint8Array", { a: new Hash(2) }, "class-instance", "$.a", /class Hash/],
    ["other typed arrays", { a: new Float64Array(1) }, "class-instance", "$.a", /class Float64Array/],
    [
      "a Buffer, which reads differently from its bytes",
      Buffer.from([1]),
      "class-instance",
      "$",
      /new Uint8Array\(buffer\)/,
    ],
    ["a match of a regular expression", { m: /a(?<b>c)/.exec("ac") }, "class-instance", "$.m", /match of a regular/],
    ["a buffer of bytes without a view", new ArrayBuffer(1), "class-instance", "$", /class ArrayBuffer/],
    ["an anonymous class", [new (class {})()], "class-instance", "$[0]", /\(anonymous\)/],
    ["an object that inherits", [Object.create({ a: 1 }) as object], "class-instance", "$[0]", /another prototype/],
    ["an object of another realm", { a: runInNewContext("({ b: 1 })") as object }, "class-instance", "$.a", /realm/],
    [
      "an array of another realm",
      { a: runInNewContext("[1]") as object },
      "class-instance",
      "$.a",
      /like Array.*realm/,
    ],
    ["a promise", { a: Promise.resolve(1) }, "promise", "$.a", /a promise/],
    ["an invalid date", { at: new Date(Number.NaN) }, "invalid-date", "$.at", /Date/],

    ["a hole in an array", { a: [1, , 3] }, "sparse-array", "$.a[1]", /hole/],
    ["a key with a lone surrogate", { a: { "x\uD800": 1 } }, "lone-surrogate-in-key", '$.a["x\\ud800"]', /surrogate/],
    ["a value under an awkward key", { "a b": { "": { "1": Symbol() } } }, "symbol", '$["a b"][""]["1"]', /symbol/],
    ["a value in a map", { m: new Map([["EUR", Symbol()]]) }, "symbol", '$.m.get("EUR")', /symbol/],
    ["a value in a map under a number", new Map([[1.5, [Symbol()]]]), "symbol", "$.get(1.5)[0]", /symbol/],
    ["a value in a map under an object", new Map([[{}, Symbol()]]), "symbol", "$.values()[0]", /symbol/],
    [
      "a key of a map",
      new Map<unknown, unknown>([
        [1, 1],
        [[Money], 1],
      ]),
      "function",
      "$.keys()[1][0]",
      /function/,
    ],
    ["a member of a set", { s: new Set([1, 2, Money]) }, "function", "$.s.values()[2]", /function/],
  ];
  for (const [name, payload, reason, path, detail] of refused) {
    it(name, () => {
      const fault = refusalOf(payload);
      expect({ reason: fault.reason, path: fault.path, record: fault.record }).toEqual({ reason, path, record: 0 });
      expect(fault.detail).toMatch(detail);
    });
  }
});

describe("a cycle is refused where it closes", () => {
  it("through an object", () => {
    const a: Record<string, unknown> = { name: "a" };
    a["b"] = { c: { back: a } };
    expect(refusalOf({ a })).toMatchObject({ reason: "cycle", path: "$.a.b.c.back" });
  });

  it("through an array", () => {
    const list: unknown[] = [1];
    list.push([list]);
    expect(refusalOf(list)).toMatchObject({ reason: "cycle", path: "$[1][0]" });
  });

  it("through the values of a map", () => {
    const map = new Map<string, unknown>([["x", 1]]);
    map.set("self", { map });
    expect(refusalOf({ map })).toMatchObject({ reason: "cycle", path: '$.map.get("self").map' });
  });

  it("through the keys of a map", () => {
    const map = new Map<unknown, unknown>();
    map.set([map], 1);
    expect(refusalOf(map)).toMatchObject({ reason: "cycle", path: "$.keys()[0][0]" });
  });

  it("through a set", () => {
    const set = new Set<unknown>([1]);
    set.add({ set });
    expect(refusalOf([set])).toMatchObject({ reason: "cycle", path: "$[0].values()[1].set" });
  });

  it("also when it fills a frame before it is deep", () => {
    const wide: Record<string, unknown> = { ballast: "x".repeat(1_000_000) };
    wide["self"] = wide;
    expect(refusalOf(wide)).toMatchObject({ reason: "cycle", path: "$.self" });
  });
});

describe("limits", () => {
  it(`lets values nest ${MAX_PAYLOAD_DEPTH} levels deep, and no deeper`, () => {
    const writer = new MessagePackWriter(64);
    const deepest = nestedTo(MAX_PAYLOAD_DEPTH);
    expect(encodeRecords(writer, [dataRecord(deepest)])).toBeUndefined();
    const [record] = new RecordDecoder().decode(writer.bytes.subarray(0, writer.at))._unsafeUnwrap();
    expect(canonical(record)).toBe(canonical(dataRecord(deepest)));
    const fault = refusalOf(nestedTo(MAX_PAYLOAD_DEPTH + 1));
    expect(fault.reason).toBe("too-deep");
    expect(fault.path).toBe(`$${"[0].a".repeat(MAX_PAYLOAD_DEPTH / 2)}`);
  });

  it("ends at values without end", () => {
    const endless = (): object => ({
      get next() {
        return endless();
      },
    });
    expect(refusalOf(endless())).toMatchObject({ reason: "too-deep" });
  });

  it("lets a payload take its limit of bytes, and not one more", () => {
    const writer = new MessagePackWriter(64);
    const header = 5;
    expect(encodeRecords(writer, [dataRecord(new Uint8Array(MAX_PAYLOAD_BYTES - header))])).toBeUndefined();
    expect(refusalOf(new Uint8Array(MAX_PAYLOAD_BYTES - header + 1))).toMatchObject({ reason: "too-large", path: "$" });
  });

  const tooLarge: readonly [name: string, payload: () => unknown, path: string][] = [
    ["bytes", () => ({ a: [new Uint8Array(MAX_PAYLOAD_BYTES + 1)] }), "$.a[0]"],
    ["a text", () => ({ a: ["x".repeat(MAX_PAYLOAD_BYTES + 1)] }), "$.a[0]"],
    ["a text of wide letters", () => ({ a: "中".repeat(MAX_PAYLOAD_BYTES / 2) }), "$.a"],
    ["a text of lone surrogates", () => ({ a: "\uD800".repeat(MAX_PAYLOAD_BYTES - 10) }), "$.a"],
    ["a key", () => ({ a: { ["x".repeat(MAX_PAYLOAD_BYTES + 1)]: 1 } }), `$.a.${"x".repeat(MAX_PAYLOAD_BYTES + 1)}`],
    ["a bigint", () => [1n << BigInt(MAX_PAYLOAD_BYTES * 8)], "$[0]"],
    ["many texts", () => new Array<string>(5).fill("x".repeat(1_000_000)), "$[4]"],
    [
      "many short texts",
      () => new Array<string>(4_000_000).fill("x".repeat(40)),
      `$[${Math.floor(MAX_PAYLOAD_BYTES / 42)}]`,
    ],
    ["a great array", () => new Array<number>(10_000_000).fill(1), `$[${MAX_PAYLOAD_BYTES - 5}]`],
  ];
  for (const [name, payload, path] of tooLarge) {
    it(`refuses ${name} beyond them without taking much more memory than they allow`, () => {
      const writer = new MessagePackWriter(64);
      const fault = encodeRecords(writer, [dataRecord(payload())]);
      expect(fault).toMatchObject({ kind: "unstorable", reason: "too-large", detail: "larger than 4194304 bytes" });
      expect(fault?.kind === "unstorable" && fault.path === path).toBe(true);
      expect(writer.at).toBe(0);
      expect(writer.bytes.length).toBeLessThan(MAX_PAYLOAD_BYTES * 4);
    });
  }

  it("refuses a frame of too many records, or of too many bytes", () => {
    const writer = new MessagePackWriter(64);
    const many = new Array<ReturnType<typeof dataRecord>>(MAX_FRAME_RECORDS + 1).fill(dataRecord(1));
    expect(encodeRecords(writer, many)).toEqual({
      kind: "too-many-records",
      records: MAX_FRAME_RECORDS + 1,
      limit: MAX_FRAME_RECORDS,
    });
    expect(encodeRecords(writer, many.slice(1))).toBeUndefined();
    writer.at = 0;
    const large = dataRecord(new Uint8Array(MAX_PAYLOAD_BYTES - 5));
    const fault = encodeRecords(writer, [large, large, large, large, large]);
    expect(fault).toMatchObject({ kind: "frame-too-large", limitBytes: MAX_FRAME_BYTES });
    expect(writer.at).toBe(0);
  });
});

describe("a value that throws when it is read is refused, and its error told", () => {
  const unreadable: readonly [name: string, payload: unknown, path: string][] = [
    ["a getter", { a: [Object.defineProperty({}, "b", { get: throwing, enumerable: true })] }, "$.a[0].b"],
    ["a proxy's keys", { a: new Proxy({}, { ownKeys: throwing }) }, "$.a"],
    ["a proxy's values", { a: new Proxy({ b: 1 }, { get: throwing }) }, "$.a.b"],
    ["a proxy's prototype", { a: new Proxy({}, { getPrototypeOf: throwing }) }, "$.a"],
    ["a proxy of an array", { a: new Proxy([1], { get: throwing }) }, "$.a"],
    ["a thenable", { a: Object.defineProperty(new Money(), "then", { get: throwing }) }, "$.a"],
  ];
  for (const [name, payload, path] of unreadable) {
    it(name, () => {
      expect(refusalOf(payload)).toMatchObject({
        reason: "unreadable",
        path,
        detail: "reading it threw RangeError: no such thing",
      });
    });
  }

  it("a revoked proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusalOf({ a: proxy })).toMatchObject({ reason: "unreadable", path: "$.a" });
  });

  it("a proxy of a map, and an object that only claims to be one", () => {
    expect(refusalOf({ a: new Proxy(new Map(), {}) })).toMatchObject({ reason: "unreadable", path: "$.a" });
    expect(refusalOf([Object.create(Map.prototype)])).toMatchObject({ reason: "unreadable", path: "$[0]" });
    expect(refusalOf([Object.create(Date.prototype)])).toMatchObject({ reason: "unreadable", path: "$[0]" });
  });

  it("whatever it throws", () => {
    const thrown: readonly [unknown, string][] = [
      ["a text", "reading it threw a text"],
      [undefined, "reading it threw undefined"],
      [new Proxy(new Error("x"), { get: throwing }), "reading it threw an error that cannot be read"],
    ];
    for (const [what, detail] of thrown) {
      const payload = {
        get a(): never {
          throw what;
        },
      };
      expect(refusalOf(payload)).toMatchObject({ reason: "unreadable", detail });
    }
  });
});

describe("a refusal", () => {
  it("leaves the writer as it was, and what was encoded before as it was", () => {
    fc.assert(
      fc.property(fc.array(storable, { maxLength: 5 }), fc.array(storable, { maxLength: 5 }), (before, after) => {
        const writer = new MessagePackWriter(8);
        expect(encodeRecords(writer, before.map(dataRecord))).toBeUndefined();
        const { at } = writer;
        const bytes = writer.bytes.slice(0, at);
        const records = [...after, { deep: [() => 1] }].map(dataRecord);
        expect(encodeRecords(writer, records)).toMatchObject({
          kind: "unstorable",
          record: after.length,
          path: "$.deep[0]",
        });
        expect(writer.at).toBe(at);
        expect(writer.bytes.subarray(0, at).join()).toBe(bytes.join());
        expect(encodeRecords(writer, after.map(dataRecord))).toBeUndefined();
        const next = new RecordDecoder().decode(writer.bytes.subarray(at, writer.at))._unsafeUnwrap();
        expect(canonical(next)).toBe(canonical(after.map(dataRecord)));
      }),
      { numRuns: 50 },
    );
  });

  it("names the field of a record other than data", () => {
    const writer = new MessagePackWriter(64);
    const policy = { kind: "policy", policy: "retry", decision: "scheduled", detail: { why: [Symbol()] } } as const;
    expect(encodeRecords(writer, [dataRecord(1), policy])).toEqual({
      kind: "unstorable",
      record: 1,
      path: "$.detail.why[0]",
      reason: "symbol",
      detail: "a symbol",
    });
  });
});
