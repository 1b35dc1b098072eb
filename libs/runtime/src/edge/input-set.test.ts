import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataRecord, EndKind, InBandRecord, LaneId, LaneSeq, LogRecord, Position, TypeId } from "@refold/core";

import { ManualClock } from "@refold/testkit";

import { Wake } from "../supervision/wake.ts";
import { Edge } from "./edge.ts";
import { InputSet } from "./input-set.ts";
import { ALL_OUTPUTS } from "./record-view.ts";

const WINDOW_RECORDS = 4096;

const edgeFrom = (lane: number): Edge =>
  new Edge({
    from: lane as LaneId,
    to: 9 as LaneId,
    takes: ALL_OUTPUTS,
    role: "stream",
    producer: new Wake(),
    consumer: new Wake(),
    flowControl: { mode: "enforce", windowRecords: WINDOW_RECORDS, windowBytes: 1_000_000, stallTimeoutMs: "never" },
    clock: new ManualClock(0),
  });

const data = (payload: unknown): DataRecord => ({
  kind: "data",
  type: 0 as TypeId,
  cause: undefined,
  originLane: 1 as LaneId,
  originSeq: 0 as LaneSeq,
  payload,
});

const move: LogRecord = { kind: "transition", machine: "m", event: { kind: "e" }, from: "a", to: "b" };
const end = (kind: EndKind): LogRecord => ({ kind: "end", end: kind, counts: [] });

let position = 0;
function offer(edge: Edge, firstSeq: number, records: readonly LogRecord[]): void {
  const place = { lane: edge.from, firstSeq: firstSeq as LaneSeq };
  edge.offer({ ...place, timeMs: 0, records, position: ++position as Position, bytes: 100 });
}

describe("an input set", () => {
  it("ends with the worst of its inputs' ends, when all have ended", () => {
    const kinds = ["natural", "truncated", "poison"] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }), (ends) => {
        const edges = ends.map((_, index) => edgeFrom(index + 1));
        const inputs = new InputSet(edges);
        for (const [index, kind] of ends.entries()) {
          expect(inputs.end).toBeUndefined();
          offer(edges[index] as Edge, 0, [end(kind)]);
          inputs.take(10, () => true);
        }
        expect(inputs.end).toBe(kinds[Math.max(...ends.map((kind) => kinds.indexOf(kind)))]);
      }),
    );
  });

  it("takes every record once, in the order of its lane, however takings are cut, and its spans say which", () => {
    const frames = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(frames, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 7 }), (lanes, limit) => {
        const edges = lanes.map((_, index) => edgeFrom(index + 1));
        const sent = lanes.map(() => [] as number[]);
        for (const [index, lane] of lanes.entries()) {
          let seq = 0;
          for (const frame of lane) {
            const first = seq;
            const records = frame.map((isData) => (isData ? data(seq++) : (seq++, move)));
            offer(edges[index] as Edge, first, records);
            for (const [i, isData] of frame.entries()) if (isData) sent[index]?.push(first + i);
          }
          offer(edges[index] as Edge, seq, [move, end("natural")]);
        }
        const inputs = new InputSet(edges);
        const taken = lanes.map(() => [] as number[]);
        for (let round = 0; inputs.end === undefined; round++) {
          expect(round).toBeLessThan(100);
          const step = lanes.map(() => [] as number[]);
          let count = 0;
          inputs.take(limit, (record, lane, seq) => {
            expect(record).toMatchObject({ payload: seq });
            step[lane - 1]?.push(seq);
            return ++count > 0;
          });
          expect(count).toBeLessThanOrEqual(limit);
          for (const [index, seqs] of step.entries()) {
            taken[index]?.push(...seqs);
            const spans = inputs.spans.filter(({ lane }) => lane === index + 1);
            for (const seq of seqs) expect(spans.some(({ first, last }) => first <= seq && seq <= last)).toBe(true);
          }
          inputs.release();
        }
        expect(taken).toEqual(sent);
        for (const { window } of edges) {
          expect([window.held, window.creditRecords, window.creditBytes]).toEqual([0, WINDOW_RECORDS, 1_000_000]);
        }
      }),
    );
  });

  it("stops before a record at which the visit throws, and after one at which it returns false", () => {
    const edge = edgeFrom(1);
    const inputs = new InputSet([edge]);
    offer(edge, 4, [data("a"), data("b"), data("c"), data("d")]);
    const visit = (payload: unknown): boolean => {
      if (payload === "c") throw new Error("c");
      return payload !== "a";
    };
    const payloadOf = (record: InBandRecord): unknown => (record.kind === "data" ? record.payload : undefined);
    inputs.take(9, (record) => visit(payloadOf(record)));
    expect(inputs.spans).toEqual([{ lane: 1, first: 4, last: 4 }]);
    expect(() => inputs.take(9, (record) => payloadOf(record) === "b" || visit(payloadOf(record)))).toThrow("c");
    expect(inputs.spans).toEqual([{ lane: 1, first: 5, last: 5 }]);
    inputs.release();
    expect(edge.window.room).toBe(WINDOW_RECORDS - 2);
  });

  it("gives credit back only when it is told that what came of the inputs is accepted", () => {
    const edge = edgeFrom(1);
    const inputs = new InputSet([edge]);
    offer(edge, 0, [data(1), data(2), data(3)]);
    inputs.take(2, () => true);
    expect(edge.window.room).toBe(WINDOW_RECORDS - 3);
    inputs.release();
    expect(edge.window.room).toBe(WINDOW_RECORDS - 1);
    inputs.release();
    expect(edge.window.room).toBe(WINDOW_RECORDS - 1);
  });
});
