import { decode, encode } from "@msgpack/msgpack";
import * as fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";

import { canonical } from "../../test-support/canonical.ts";
import { bodyOf, dataRecord } from "../../test-support/encode.ts";
import { recordOf, referenceRecord } from "../../test-support/records.ts";
import { storable } from "../../test-support/storable.ts";
import type { LogRecord, RecordKind } from "../record.ts";
import { MessagePackWriter } from "./message-pack-writer.ts";
import { encodeRecords, RecordDecoder, type DecodeFault } from "./record-codec.ts";
import { RECORD_FIELDS, RECORD_KINDS } from "./record-fields.ts";

function faultOf(body: Uint8Array): DecodeFault {
  return new RecordDecoder().decode(body)._unsafeUnwrapErr();
}

describe("records that are read back", () => {
  for (const kind of RECORD_KINDS) {
    it(`are the same: ${kind}`, () => {
      fc.assert(
        fc.property(recordOf(kind), (record) => {
          const back = new RecordDecoder().decode(bodyOf(record))._unsafeUnwrap();
          expect(canonical(back)).toBe(canonical([record]));
        }),
        { numRuns: 60 },
      );
    });
  }

  it("are the same together, in their order, by one writer and one decoder for all", () => {
    const writer = new MessagePackWriter(8);
    const decoder = new RecordDecoder();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...RECORD_KINDS).chain(recordOf), { maxLength: 20 }), (records) => {
        writer.at = 0;
        expect(encodeRecords(writer, records)).toBeUndefined();
        const back = decoder.decode(writer.bytes.subarray(0, writer.at))._unsafeUnwrap();
        expect(canonical(back)).toBe(canonical(records));
      }),
      { numRuns: 100 },
    );
  });

  it("are the same where another record holds their payload, whatever payload they have in memory", () => {
    fc.assert(
      fc.property(referenceRecord, storable, (record, payload) => {
        const body = bodyOf({ ...record, payload });
        expect(canonical(new RecordDecoder().decode(body)._unsafeUnwrap())).toBe(canonical([record]));
        expect(body).toEqual(bodyOf(record));
      }),
      { numRuns: 200 },
    );
  });

  it("hold their payload themselves when they have come round a cycle", () => {
    const record = { ...dataRecord({ a: 1 }), hops: 2 };
    const payloadOf = { lane: record.originLane, seq: record.originSeq };
    expect(bodyOf({ ...record, payloadOf })).toEqual(bodyOf(record));
  });

  it("give each payload again from the place that was told of it", () => {
    const decoder = new RecordDecoder();
    const anything = fc.oneof(referenceRecord, fc.constantFrom(...RECORD_KINDS).chain(recordOf));
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 10 }), fc.nat(20), (records, before) => {
        const body = new Uint8Array(before + bodyOf(...records).length).subarray(before);
        body.set(bodyOf(...records));
        const offsets: number[] = [];
        decoder.decode(body, offsets)._unsafeUnwrap();
        expect(offsets).toHaveLength(records.length);
        for (const [index, record] of records.entries()) {
          const offset = offsets[index] as number;
          const holds = record.kind === "data" && record.payloadOf === undefined;
          expect(offset >= 0).toBe(holds);
          if (holds) expect(canonical(decoder.payloadAt(body, offset)._unsafeUnwrap())).toBe(canonical(record.payload));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("are the same when the order of the fields in memory is another", () => {
    const [back] = new RecordDecoder()
      .decode(bodyOf({ to: "b", from: "a", event: { kind: "go" }, machine: "m", kind: "transition" }))
      ._unsafeUnwrap();
    expect(back).toEqual({ kind: "transition", machine: "m", event: { kind: "go" }, from: "a", to: "b" });
  });
});

describe("what would not be read back", () => {
  it("is not written: a field that cannot hold it is refused by its name", () => {
    for (const [record, field] of [
      [{ ...sampleOf("error"), error: "nope" }, "error"],
      [{ ...sampleOf("error"), message: 5 }, "message"],
      [{ ...sampleOf("contract"), advertised: Number.NaN }, "advertised"],
      [{ ...sampleOf("watermark"), eventTimeMs: Number.NaN }, "eventTimeMs"],
      [{ ...dataRecord(1), cause: [{ lane: 1, first: "2", last: 3 }] }, "cause"],
    ] as const) {
      const writer = new MessagePackWriter(64);
      // As an author without a compiler may have it.
      expect(encodeRecords(writer, [record as unknown as LogRecord])).toMatchObject({
        kind: "unstorable",
        reason: "not-allowed",
        path: `$.${field}`,
      });
      expect(writer.at).toBe(0);
    }
  });
});

describe("the table of record kinds", () => {
  it("holds every kind once, at the number that stands for it in the log", () => {
    expectTypeOf<keyof typeof RECORD_FIELDS>().toEqualTypeOf<RecordKind>();
    expect(RECORD_KINDS).toEqual([
      ...["data", "consumed", "error", "end", "watermark", "timer", "effect-started", "effect-settled"],
      ...["receipt", "transition", "contract", "liveness", "policy", "snapshot", "epoch", "seal", "cursor"],
    ]);
    expect([...RECORD_KINDS].sort()).toEqual(Object.keys(RECORD_FIELDS).sort());
  });

  it("keeps the order of fields, which is the format", () => {
    const fields = Object.fromEntries(
      Object.entries(RECORD_FIELDS).map(([kind, checks]) => [kind, Object.keys(checks).join(" ")]),
    );
    expect(fields).toEqual({
      data: "type cause originLane originSeq payload hops",
      consumed: "spans",
      error: "error message cause originLane originSeq input",
      end: "end counts",
      watermark: "eventTimeMs",
      timer: "timer dueMs",
      "effect-started": "effect version cause ordinal key input attempt",
      "effect-settled": "effect cause ordinal outcome value",
      receipt: "outcome first count detail spans",
      transition: "machine event from to",
      contract: "contract upstream verdict advertised read",
      liveness: "upstream reader status",
      policy: "policy decision detail",
      snapshot: "fingerprint state",
      epoch: "runtime refold fingerprints forced retryFailed source",
      seal: "status reason data digest",
      cursor: "cursor",
    });
  });
});

describe("what is no record is refused", () => {
  const code = (kind: RecordKind): number => RECORD_KINDS.indexOf(kind);

  it("a kind that is not known", () => {
    for (const kind of [17, 255, -1, 0.5, "data", null, [0]]) {
      expect(faultOf(encode([[kind, 1]])).detail).toMatch(/^record kind .* is not known$/);
    }
  });

  it("a record with a field too few or too many", () => {
    expect(faultOf(encode([[0, 1, 0, 1, 7]])).detail).toBe("a data record of 5 fields");
    expect(faultOf(encode([[0, 1, 0, 1, 7, 1, 1, 1]])).detail).toBe("a data record of 8 fields");
    for (const hops of [0, -1, 1.5, "1"]) {
      expect(faultOf(encode([[0, 1, 0, 1, 7, 1, hops]])).detail).toBe("a data record with a bad field 'hops'");
    }
    expect(faultOf(encode([[code("receipt"), "success", 0]])).detail).toBe("a receipt record of 3 fields");
    expect(faultOf(encode([[code("watermark")]])).detail).toBe("a watermark record of 1 fields");
    expect(faultOf(encode([[]])).detail).toBe("a value that is cut off");
  });

  it("every field that holds something else, by name", () => {
    const kinds = RECORD_KINDS.filter((kind) => kind !== "data");
    for (const kind of kinds) {
      const fields = Object.entries(RECORD_FIELDS[kind]) as [string, (value: unknown) => boolean][];
      // With each field that it may have. The decoder of the other library refuses a key `__proto__`.
      const good = fc
        .sample(recordOf(kind), { numRuns: 20, seed: 7 })
        .find((record) => !canonical([record]).includes("__proto__") && fields.every(([name]) => name in record));
      for (const [name, check] of fields) {
        if (check(Symbol())) continue;
        const bad = check(false) ? "no flag" : false;
        const [written] = decode(bodyOf(good as LogRecord)) as unknown[][];
        const at = 1 + Object.keys(RECORD_FIELDS[kind]).indexOf(name);
        const body = encode([(written as unknown[]).map((value, index) => (index === at ? bad : value))]);
        expect(faultOf(body).detail).toBe(`a ${kind} record with a bad field '${name}'`);
      }
    }
  });

  it("a data record with a bad header", () => {
    for (const header of [
      [-1, 0, 1, 7],
      [1.5, 0, 1, 7],
      [1, null, 1, 7],
      [1, -1, 1, 7],
      [1, [{ lane: 1, first: 2 }], 1, 7],
      [1, 0, "1", 7],
      [1, 0, 1, -7],
    ]) {
      expect(faultOf(encode([[0, ...header, "payload"]])).detail).toBe("a data record with a bad header");
    }
  });

  it("a data record that passes a payload on, with places that are none, or that are written the long way", () => {
    for (const places of [[], [1], [1, 2, 3], [1, 2, 1, 2], [1, 2, 3, 4, 5]]) {
      expect(faultOf(encode([[0, 1, 0, places]])).detail).toBe("a data record with bad places");
    }
    for (const places of [7, [1, -1], [1, 2, 3, "4"], { lane: 1 }]) {
      expect(faultOf(encode([[0, 1, 0, places]])).detail).toBe("a data record with a bad header");
    }
  });

  it("what is no array of records", () => {
    for (const body of [encode({}), encode("text"), encode(1), encode([1]), encode([{}]), new Uint8Array(0)]) {
      expect(faultOf(body).kind).toBe("malformed-body");
    }
  });

  it("bytes after the last record", () => {
    const body = bodyOf(dataRecord(1));
    expect(faultOf(Uint8Array.of(...body, 0xc0))).toEqual({
      kind: "malformed-body",
      detail: "bytes after the last record",
      at: body.length,
    });
  });

  it("at an offset within its body, wherever the body lies in its buffer", () => {
    const body = bodyOf(dataRecord({ a: "text" }));
    const cut = body.subarray(0, body.length - 1);
    const moved = new Uint8Array(100);
    moved.set(cut, 50);
    expect(faultOf(moved.subarray(50, 50 + cut.length))).toEqual(faultOf(cut));
  });
});

function sampleOf(kind: RecordKind): LogRecord {
  const [record] = fc.sample(recordOf(kind), { numRuns: 1, seed: 7 });
  return record as LogRecord;
}
