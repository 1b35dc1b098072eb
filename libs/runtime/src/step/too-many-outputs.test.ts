import { describe, expect, it } from "vitest";

import { eventType, type DataRecord, type LaneId, type LaneSeq, type TypeId } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import type { EffectfulContext } from "../effect/effectful-spec.ts";
import { InputContext } from "./input-context.ts";
import { HandlerThrew, StepRecorder } from "./step-recorder.ts";
import { MAX_EMITTED } from "./too-many-outputs.ts";

const N = eventType<number>("n");

/** Emits so many outputs for its second input, by a stage of each kind that emits; and goes on if one is refused. */
const stages: Readonly<Record<string, (count: number) => Flow>> = {
  "a transform": (count) =>
    flow("emits", (f) =>
      f
        .source("inputs", [1, 2, 3])
        .transform("many", (n, emit: (output: number) => void) => emitting(n === 2 ? count : 1, emit))
        .sink("out", () => undefined),
    ),
  "a route": (count) =>
    flow("emits", (f) =>
      f
        .source("inputs", [1, 2, 3])
        .route("many", { n: N }, (n, to) => emitting(n === 2 ? count : 1, to.n))
        .n.sink("out", () => undefined),
    ),
  "an effectful stage": (count) =>
    flow("emits", (f) =>
      f
        .source("inputs", [1, 2, 3])
        .effectful("many", {
          effects: {},
          handle: (n, { emit }: EffectfulContext<Record<never, never>, number>): void =>
            emitting(n === 2 ? count : 1, emit),
        })
        .sink("out", () => undefined),
    ),
};

function emitting(count: number, emit: (output: number) => void): void {
  for (let n = 0; n < count; n++) {
    try {
      emit(n);
    } catch {
      // What comes of it is not for the handler to say.
    }
  }
}

describe("the outputs of one input", () => {
  for (const [kind, emits] of Object.entries(stages)) {
    it(`are limited for ${kind}: its fault names the input, the limit, and what to do, and those before stand`, async () => {
      const described = emits(MAX_EMITTED + 10);
      const store = memoryStore();
      const run = await FlowRun.open(described, { store });
      const { status, fault } = await run.run();
      expect(status).toBe("failed");
      expect(fault).toMatchObject({
        code: "handler-threw",
        stage: "many",
        input: expect.stringMatching(/^inputs:\d+$/) as string,
      });
      expect(fault?.message).toMatch(/more than 1,000,000 outputs .*flatMap/);
      expect((await run.recorded()).payloads("many")).toEqual([0]);
      expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
    });
  }

  it("are counted for each input by itself, up to the limit", () => {
    const step = new StepRecorder({
      program: {
        accept: (count, _, outputs) => emitting(count as number, (n) => outputs.emit(n)) as undefined,
        finish: () => [],
      },
      context: new InputContext("run", "many"),
      lane: 2 as LaneId,
      types: [0 as TypeId],
      errorsFrom: new Set(),
    });
    const take = (count: number, seq: number): void => {
      const place = { originLane: 1 as LaneId, originSeq: seq as LaneSeq };
      const record: DataRecord = { kind: "data", type: 0 as TypeId, cause: undefined, ...place, payload: count };
      step.take(record, 1 as LaneId, seq as LaneSeq, 0);
    };
    step.begin(1, 0 as LaneSeq);
    take(MAX_EMITTED, 0);
    take(10, 1);
    expect(step.records.length).toBe(MAX_EMITTED + 10);
    expect(() => take(MAX_EMITTED + 1, 2)).toThrow(HandlerThrew);
    expect(step.records.length).toBe(MAX_EMITTED + 10);
  });
});
