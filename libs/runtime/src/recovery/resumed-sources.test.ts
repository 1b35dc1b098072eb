import { expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, runFlow } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { poll } from "../authoring/poll.ts";
import type { SourceInput } from "../authoring/source-input.ts";

const numbers = Array.from({ length: 600 }, (_, n) => n);

for (const [name, input] of [
  ["that is a list", numbers],
  [
    "that is polled",
    poll<number>(async ({ cursor }) => {
      const from = typeof cursor === "number" ? cursor : 0;
      // More than a step takes, so that a batch is cut in two.
      return { items: numbers.slice(from, from + 300), cursor: from + 300, done: from >= 300 };
    }),
  ],
] satisfies readonly (readonly [string, SourceInput<number>])[]) {
  it(`a source ${name} goes on behind its last item, wherever its run was killed`, async () => {
    const described = flow("numbers", (f) => f.source("numbers", input).sink("out", () => undefined));
    const { recorded } = await runFlow(described, { store: memoryStore() });
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const run = await FlowRun.resume(described, { store: await killedAfter(recorded, frames) });
      const ended = run.run();
      expect((await ended).status, `killed after ${frames} frames`).toBe("completed");
      expect((await run.recorded()).payloads("numbers")).toEqual(numbers);
    }
  });
}

/** Pages of so many items, each with the cursor behind it. */
const paged = (size: number): Flow =>
  flow("numbers", (f) => {
    const pages = poll<number>(({ cursor }) => {
      const from = typeof cursor === "number" ? cursor : 0;
      const items = numbers.slice(from, Math.min(from + size, 12));
      return { items, cursor: from + items.length, done: from + items.length === 12 };
    });
    f.source("numbers", pages).sink("out", () => undefined);
  });

it("a source that is polled for less than before gives no item twice, wherever its run was killed, and killed again", async () => {
  const configuration = { flow: { "stage.stepInputs": 1 } };
  const { recorded } = await runFlow(paged(6), { store: memoryStore(), configuration });
  for (let frames = 1; frames < recorded.frames.length; frames += 2) {
    const first = await FlowRun.resume(paged(2), { store: await killedAfter(recorded, frames) });
    await first.run();
    const resumed = await first.recorded();
    expect(resumed.payloads("numbers")).toEqual(numbers.slice(0, 12));
    for (let again = frames + 1; again < resumed.frames.length; again++) {
      const second = await FlowRun.resume(paged(6), { store: await killedAfter(resumed, again) });
      await second.run();
      expect((await second.recorded()).payloads("numbers")).toEqual(numbers.slice(0, 12));
    }
  }
});
