import { expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";

it("an aggregate of inputs that were cut short is not emitted, and each lane ends as its inputs did", async () => {
  let emitted = 0;
  const described = flow("endless", (f) => {
    const numbers = f.source("numbers", async function* () {
      for (let n = 0; n < 5; n++) yield n;
      await new Promise(() => undefined);
    });
    const sum = f
      .merge(numbers, f.source("finite", [1, 2]))
      .map("same", (n) => n)
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (total) => [total], emit: onEnd() });
    sum.sink("out", () => void emitted++);
  });
  const store = memoryStore();
  const run = await FlowRun.open(described, { store });
  const report = run.run();
  await run.clock.idle();
  run.handle.stopGraceful({ reason: "enough" });
  expect(await report).toMatchObject({ status: "cancelled", reason: "enough" });
  const recorded = await run.recorded();
  const endOf = (stage: string): unknown => recorded.recordsOf(stage, "end").map(({ end }) => end);
  expect(endOf("finite")).toEqual(["natural"]);
  for (const stage of ["numbers", "same", "sum"]) expect(endOf(stage), stage).toEqual(["truncated"]);
  expect(recorded.payloads("same")).toHaveLength(7);
  expect(recorded.payloads("sum")).toEqual([]);
  expect(emitted).toBe(0);
  expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
});
