import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { flow } from "@refold/runtime";

import { runFlow } from "./flow-run.ts";
import { expectOrder, happensBefore } from "./record-order.ts";
import type { RecordedRun } from "./recorded-run.ts";

/** Two flows side by side in one run. */
const recordedRun = async (items: number): Promise<RecordedRun> => {
  const described = flow("side-by-side", (f) => {
    const left = f.source("left", Array(items).fill(1));
    left.map("doubled", (n) => 2 * n).sink("out", () => undefined);
    f.source("right", Array(items).fill(1)).sink("other", () => undefined);
  });
  const configuration = { flow: { "stage.stepInputs": 2 } } as const;
  return (await runFlow(described, { store: memoryStore(), configuration })).recorded;
};

const firstData = (record: { readonly kind: string }): boolean => record.kind === "data";

describe("what happens before what", () => {
  it("is what led to a record, at first and at second hand, and never the other way round", async () => {
    const recorded = await recordedRun(5);
    const [left, doubled] = [recorded.place("left", firstData), recorded.place("doubled", firstData)];
    const receipt = recorded.place("out", ({ kind }) => kind === "receipt");
    expect(happensBefore(recorded, left, doubled)).toBe(true);
    expect(happensBefore(recorded, doubled, receipt)).toBe(true);
    expect(happensBefore(recorded, left, receipt)).toBe(true);
    for (const [a, b] of [
      [doubled, left],
      [receipt, left],
      [left, left],
    ] as const) {
      expect(happensBefore(recorded, a, b)).toBe(false);
    }
  });

  it("leaves open what nobody took in, however it stands on record", async () => {
    const recorded = await recordedRun(5);
    const left = recorded.place("left", firstData);
    const right = recorded.place("right", firstData);
    const last = recorded.place("other", ({ kind }) => kind === "receipt");
    expect(happensBefore(recorded, left, right)).toBe(false);
    expect(happensBefore(recorded, left, last)).toBe(false);
    expect(happensBefore(recorded, right, last)).toBe(true);
    expectOrder(recorded, left, last);
  });

  it("holds for every record and its cause, within the order on record, and is transitive", async () => {
    const recorded = await recordedRun(7);
    const places = recorded.manifest.lanes.flatMap((lane) => recorded.records(lane).map((_, seq) => `${lane}:${seq}`));
    for (const { firstSeq, records, lane } of recorded.frames) {
      const [head] = records;
      if (head?.kind !== "consumed") continue;
      const inputs = head.spans
        .flatMap((span) =>
          Array.from(
            { length: span.last - span.first + 1 },
            (_, i) => `${recorded.manifest.lanes[span.lane]}:${span.first + i}`,
          ),
        )
        .filter(
          (place) => recorded.records(place.split(":")[0] as string)[Number(place.split(":")[1])]?.kind === "data",
        );
      for (const [index, record] of records.entries()) {
        if (record.kind !== "data") continue;
        const own = `${recorded.manifest.lanes[lane]}:${firstSeq + index}`;
        expect(happensBefore(recorded, inputs[record.cause as number] as string, own)).toBe(true);
      }
    }
    const place = fc.constantFrom(...places);
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        if (happensBefore(recorded, a, b)) {
          expectOrder(recorded, a, b);
          expect(happensBefore(recorded, b, a)).toBe(false);
          if (happensBefore(recorded, b, c)) expect(happensBefore(recorded, a, c)).toBe(true);
        }
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it("refuses what is not on record", async () => {
    const recorded = await recordedRun(1);
    for (const place of ["left:99", "nobody:0", "left", ""]) {
      expect(() => happensBefore(recorded, place, "left:0")).toThrow(RangeError);
      expect(() => expectOrder(recorded, "left:0", place)).toThrow(RangeError);
    }
    expect(() => recorded.place("left", ({ kind }) => kind === "watermark")).toThrow('"left" has no such record');
  });
});

describe("an expected order", () => {
  it("passes for what stands in it, and names the first pair that does not", async () => {
    const recorded = await recordedRun(3);
    const begun = recorded.place("system", ({ kind }) => kind === "epoch");
    const data = recorded.place("left", firstData);
    const end = recorded.place("left", ({ kind }) => kind === "end");
    const seal = recorded.place("system", ({ kind }) => kind === "seal");
    expectOrder(recorded, begun, data, end, seal);
    expect(() => expectOrder(recorded, begun, end, data)).toThrow(`${end} is in frame`);
    expect(() => expectOrder(recorded, data, data)).toThrow("does not come before");
  });
});
