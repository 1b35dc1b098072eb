import * as fc from "fast-check";
import { ok, type Result } from "neverthrow";
import { describe, expect, it } from "vitest";

import { bodyOf } from "../test-support/encode.ts";
import type { StoredFrame } from "./frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { Journal } from "./journal.ts";
import type { LaneId, LaneSeq, Lsn, TypeId } from "./place.ts";
import type { DataRecord, LogRecord, RecordPlace } from "./record.ts";
import type { ReadFault, RunReader } from "./run-log.ts";

const place = (lane: number, seq: number): RecordPlace => ({ lane: lane as LaneId, seq: seq as LaneSeq });

function data(payload: unknown, payloadOf?: RecordPlace): DataRecord {
  const origin = { originLane: 1 as LaneId, originSeq: 0 as LaneSeq };
  return { kind: "data", type: 0 as TypeId, cause: 0, ...origin, payload, ...(payloadOf && { payloadOf }) };
}

/** A log in memory that counts how often it is read from its beginning. */
class ListedLog {
  readonly frames: StoredFrame[] = [];
  readonly #next: number[] = [];
  first = 0 as Lsn;
  readings = 0;

  /** The frame that is appended to a lane. */
  add(lane: number, ...records: readonly LogRecord[]): StoredFrame {
    const firstSeq = (this.#next[lane] ?? 0) as LaneSeq;
    this.#next[lane] = firstSeq + records.length;
    const lsn = this.frames.length as Lsn;
    const stored = { lsn, lane: lane as LaneId, timeMs: 0, firstSeq, count: records.length, body: bodyOf(...records) };
    this.frames.push(stored);
    return stored;
  }

  async *read(from: Lsn): AsyncGenerator<Result<readonly StoredFrame[], ReadFault>> {
    this.readings++;
    for (const frame of this.frames) if (frame.lsn >= from) yield ok([frame]);
  }
}

async function decoded(log: ListedLog, keepBytes: number): Promise<readonly LogRecord[]> {
  const decoder = new FrameDecoder(log, { keepBytes });
  const records: LogRecord[] = [];
  for await (const batch of decoder.decodeAll(log.read(log.first))) {
    for (const frame of batch._unsafeUnwrap()) records.push(...frame.records);
  }
  return records;
}

describe("a record that passes a payload on", () => {
  it("has the payload of the record that holds it, whatever is kept and wherever that stands", async () => {
    const plans = fc.array(
      fc.record({ lane: fc.integer({ min: 1, max: 4 }), holders: fc.array(fc.nat(), { maxLength: 5 }) }),
      {
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(plans, fc.nat(400), async (plan, keepBytes) => {
        const log = new ListedLog();
        const held: { readonly place: RecordPlace; readonly payload: unknown }[] = [];
        const expected: LogRecord[] = [];
        const next = [0, 0, 0, 0, 0];
        for (const { lane, holders } of plan) {
          const first = next[lane] as number;
          const records = holders.map((number, index) => {
            const holder = held[number % (2 * held.length + 1)];
            return holder === undefined ? data({ at: [lane, first + index] }) : data(holder.payload, holder.place);
          });
          next[lane] = first + records.length;
          log.add(lane, ...records);
          expected.push(...records);
          for (const [index, { payload, payloadOf }] of records.entries()) {
            if (payloadOf === undefined) held.push({ place: place(lane, first + index), payload });
          }
        }
        expect(await decoded(log, keepBytes)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("waits for nothing while its payload is kept, once one was passed on from that lane", async () => {
    const log = new ListedLog();
    const decoder = new FrameDecoder(log);
    await decoder.decode(log.add(1, data({ n: 1 })));
    await decoder.decode(log.add(2, data(undefined, place(1, 0))));
    await decoder.decode(log.add(1, data({ n: 2 })));
    expect(decoder.decode(log.add(2, data(undefined, place(1, 1)), data(undefined, place(1, 0))))).not.toBeInstanceOf(
      Promise,
    );
    expect(log.readings).toBe(1);
  });

  it("has the log read again once for many, where many lag behind", async () => {
    const log = new ListedLog();
    for (let n = 0; n < 100; n++) log.add(1, data({ n }));
    for (let n = 0; n < 100; n++) log.add(2, data({ n }, place(1, n)));
    expect(await decoded(log, 4_000)).toEqual(await decoded(log, 1_000_000));
    log.readings = 0;
    await decoded(log, 4_000);
    expect(log.readings).toBeLessThan(12);
  });

  it("shares its payload with no other record, also when its frame is decoded again", async () => {
    const log = new ListedLog();
    const decoder = new FrameDecoder(log, { keepBytes: 0 });
    log.add(1, data({ n: 1 }));
    const passing = log.add(2, data(undefined, place(1, 0)), data(undefined, place(1, 0)));
    const first = (await decoder.decode(passing))._unsafeUnwrap();
    const second = decoder.decodeAgain(passing)._unsafeUnwrap();
    const payloads = [...first.records, ...second.records].map((record) => (record as DataRecord).payload);
    expect(payloads).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }]);
    expect(new Set(payloads).size).toBe(4);
  });

  it("is refused by name where the log does not hold the payload, and the frames before it are given", async () => {
    const elsewhere: readonly (readonly [string, (log: ListedLog) => RecordPlace])[] = [
      ["a lane that has nothing", () => place(3, 0)],
      ["a seq that is not there yet", () => place(1, 1)],
      ["a record of another kind", (log) => place(log.add(1, { kind: "watermark", eventTimeMs: 1 }).lane, 1)],
      ["a record that itself passes on", (log) => place(log.add(3, data(undefined, place(1, 0))).lane, 0)],
      ["itself", () => place(2, 0)],
    ];
    for (const [what, of] of elsewhere) {
      const log = new ListedLog();
      log.add(1, data({ n: 1 }));
      const { lane, seq } = of(log);
      const { lsn } = log.add(2, data(undefined, { lane, seq }));
      // All in one batch.
      const all = (async function* () {
        yield ok(log.frames);
      })();
      const batches: unknown[] = [];
      for await (const batch of new FrameDecoder(log).decodeAll(all)) {
        batches.push(batch.isOk() ? batch.value.length : batch.error);
      }
      expect(batches, what).toEqual([lsn, { kind: "payload-missing", lsn, lane, seq, first: 0 }]);
    }
  });

  it("is refused where the payload was let go of, and never given another", async () => {
    const log = new ListedLog();
    log.add(1, data({ n: 1 }));
    log.add(1, data({ n: 2 }));
    const passing = log.add(2, data(undefined, place(1, 0)));
    log.first = 1 as Lsn;
    const fault = (await new FrameDecoder(log).decode(passing))._unsafeUnwrapErr();
    expect(fault).toEqual({ kind: "payload-missing", lsn: 2, lane: 1, seq: 0, first: 1 });
  });
});

it("a journal of one lane gives payloads that another lane holds", async () => {
  const log = new ListedLog();
  log.add(1, data({ n: 1 }), data({ n: 2 }));
  log.add(2, data(undefined, place(1, 1)));
  log.add(3, data(undefined, place(1, 0)));
  // A journal asks no more of its reader than this.
  const journal = new Journal(log as unknown as RunReader, 3 as LaneId);
  const payloads: unknown[] = [];
  for await (const entry of journal.read()) payloads.push((entry._unsafeUnwrap().record as DataRecord).payload);
  expect(payloads).toEqual([{ n: 1 }]);
});
