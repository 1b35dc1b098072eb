import type { DataRecord, LaneId, LaneSeq, LogRecord, Lsn, Span, TransitionRecord, TypeId } from "@refold/core";
import fc from "fast-check";
import { expect, it } from "vitest";

import { InputPlaces } from "./input-places.ts";
import type { ReadFrame } from "./read-records.ts";

const data: DataRecord = {
  kind: "data",
  type: 0 as TypeId,
  cause: undefined,
  originLane: 1 as LaneId,
  originSeq: 0 as LaneSeq,
  payload: 0,
};
const move: TransitionRecord = { kind: "transition", machine: "m", event: { kind: "e" }, from: "a", to: "b" };

function frame(lane: number, firstSeq: number, records: readonly LogRecord[]): ReadFrame {
  return {
    frame: {
      lsn: 0 as Lsn,
      lane: lane as LaneId,
      timeMs: 0,
      firstSeq: firstSeq as LaneSeq,
      count: records.length,
      body: new Uint8Array(),
    },
    records,
  };
}

it("finds the record behind each input's index, in any order, as counting one by one does", () => {
  const lanes = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      lanes,
      fc.infiniteStream(fc.nat(1000)),
      fc.array(fc.nat(20), { minLength: 1 }),
      (isData, numbers, asked) => {
        const inputs = new InputPlaces();
        const next = (below: number): number => (numbers.next().value as number) % below;
        isData.forEach((kinds, lane) =>
          inputs.note(
            frame(
              lane,
              0,
              kinds.map((yes) => (yes ? data : move)),
            ),
          ),
        );
        const spans = Array.from({ length: 1 + next(4) }, (): Span => {
          const lane = next(isData.length);
          const first = next(isData[lane]?.length ?? 1);
          const last = first + next((isData[lane]?.length ?? 1) - first);
          return { lane: lane as LaneId, first: first as LaneSeq, last: last as LaneSeq };
        });
        inputs.note(frame(9, 0, [{ kind: "consumed", spans }]));
        const oneByOne = spans.flatMap(({ lane, first, last }) =>
          Array.from({ length: last - first + 1 }, (_, i) => ({ lane, seq: (first + i) as LaneSeq })).filter(
            ({ seq }) => isData[lane]?.[seq],
          ),
        );
        for (const index of asked) expect(inputs.find(9 as LaneId, index)).toEqual(oneByOne[index]);
      },
    ),
  );
});

it("goes on with a lane's step in a frame that consumes nothing, and forgets it at the next step", () => {
  const inputs = new InputPlaces();
  const lane = 2 as LaneId;
  inputs.note(frame(1, 0, [data, data]));
  const consume = (seq: number): LogRecord => ({
    kind: "consumed",
    spans: [{ lane: 1 as LaneId, first: seq as LaneSeq, last: seq as LaneSeq }],
  });
  inputs.note(frame(2, 0, [consume(0), data]));
  inputs.note(frame(2, 2, [data]));
  expect(inputs.find(lane, 0)).toEqual({ lane: 1, seq: 0 });
  inputs.note(frame(2, 3, [consume(1), data]));
  expect(inputs.find(lane, 0)).toEqual({ lane: 1, seq: 1 });
  expect(inputs.find(lane, 1)).toBeUndefined();
});
