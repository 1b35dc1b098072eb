import { describe, expect, it } from "vitest";

import { eventType } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun } from "@refold/testkit";

import { flow } from "../authoring/flow.ts";
import { groupBy } from "../authoring/group-by.ts";
import { always, onEnd } from "../authoring/schedule.ts";
import type { Stream } from "../authoring/stream.ts";

/** What a JavaScript author gives, whom no compiler warns. Nobody hears how it rejects. */
const awaiting = (async () => {
  await Promise.resolve();
  throw new Error("nobody hears this");
}) as never;

const keep = (sum: number): number => sum;
const project = (sum: number): readonly number[] => [sum];

/** A stage named "broken", by what awaits in it. */
const STAGES: Readonly<Record<string, (numbers: Stream<number>) => Stream<unknown>>> = {
  map: (numbers) => numbers.map("broken", awaiting),
  filter: (numbers) => numbers.filter("broken", awaiting),
  filterMap: (numbers) => numbers.filterMap("broken", awaiting),
  tryMap: (numbers) => numbers.tryMap("broken", awaiting),
  flatMap: (numbers) => numbers.flatMap("broken", awaiting),
  "flatMap by an async generator": (numbers) =>
    numbers.flatMap("broken", async function* () {
      yield 1;
    } as never),
  transform: (numbers) => numbers.transform("broken", awaiting),
  route: (numbers) => numbers.route("broken", { one: eventType<number>("one") }, awaiting).one,
  "stateful initial": (numbers) =>
    numbers.stateful("broken", { initial: awaiting, fold: keep, project, emit: always() }),
  "stateful fold": (numbers) =>
    numbers.stateful("broken", { initial: () => 0, fold: awaiting, project, emit: onEnd() }),
  "stateful project": (numbers) =>
    numbers.stateful("broken", { initial: () => 0, fold: keep, project: awaiting, emit: always() }),
  "groupBy key": (numbers) =>
    numbers.stateful("broken", groupBy({ key: awaiting, initial: () => 0, fold: keep, emit: onEnd() })),
  "groupBy initial": (numbers) =>
    numbers.stateful("broken", groupBy({ key: keep, initial: awaiting, fold: keep, emit: onEnd() })),
  "groupBy fold": (numbers) =>
    numbers.stateful("broken", groupBy({ key: keep, initial: () => 0, fold: awaiting, emit: onEnd() })),
};

describe("a pure stage must not await: its first promise is a fault that says so", () => {
  for (const [what, stage] of Object.entries(STAGES)) {
    it(what, async () => {
      const described = flow("awaiting", (f) => {
        stage(f.source("numbers", [1, 2, 3])).sink("out", () => undefined);
      });
      const run = await FlowRun.open(described, { store: memoryStore() });
      const { fault } = await run.run();
      expect(fault).toMatchObject({ code: "handler-threw", stage: "broken" });
      expect(fault?.message).toContain("a pure stage must not await");
      expect(fault?.input).toMatch(/^numbers:/);
      const recorded = await run.recorded();
      expect(recorded.payloads("broken")).toEqual([]);
      expect(fault?.input).toBe(`numbers:${recorded.framesOf("numbers").flatMap(firstData)[0]}`);
    });
  }
});

function firstData({
  records,
  firstSeq,
}: {
  readonly records: readonly { kind: string }[];
  readonly firstSeq: number;
}) {
  const index = records.findIndex(({ kind }) => kind === "data");
  return index < 0 ? [] : [firstSeq + index];
}
