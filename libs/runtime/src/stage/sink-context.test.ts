import { expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, runFlow, testRunId } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { connector, numbersTo } from "../../test/sink-under-test.ts";
import type { Flow } from "../authoring/flow.ts";
import { describeRun } from "../definition/describe-run.ts";
import { forkRun } from "../recovery/fork-run.ts";

interface Opened {
  readonly runId: string;
  readonly resumed: boolean;
  readonly receipts: number | undefined;
}

/** A flow whose sink notes what it is told when it is opened. */
const noting = (opened: Opened[]): Flow =>
  numbersTo(
    [1, 2],
    connector(({ runId, resumed, receipts }) => {
      opened.push({ runId, resumed, receipts });
      return { write: () => undefined };
    }),
  );

it("a sink is told for which run it is opened, and whether an earlier process may have delivered for that", async () => {
  const opened: Opened[] = [];
  const { recorded } = await runFlow(noting(opened), { store: memoryStore(), number: 7 });
  const store = await killedAfter(recorded, 3);
  await (await FlowRun.resume(noting(opened), { store, number: 7 })).run();
  expect(opened).toEqual([
    { runId: testRunId(7), resumed: false, receipts: 0 },
    { runId: testRunId(7), resumed: true, receipts: 0 },
  ]);
});

it("a sink is told how many of its items have a receipt that ends them, wherever the run was killed", async () => {
  const failing = connector(() => ({
    write: () => ({ outcome: "partial", failed: [{ index: 0, kind: "domain", message: "no" }] }),
  }));
  const { recorded } = await runFlow(numbersTo([1, 2, 3, 4], failing, { flush: { everyItems: 2 } }), {
    store: memoryStore(),
  });
  const told: unknown[] = [];
  for (let frames = 1; frames < recorded.frames.length; frames++) {
    const store = await killedAfter(recorded, frames);
    const opened: Opened[] = [];
    const noted = numbersTo(
      [1, 2, 3, 4],
      connector(({ runId, resumed, receipts }) => {
        opened.push({ runId, resumed, receipts });
        return { write: () => undefined };
      }),
    );
    await (await FlowRun.resume(noted, { store, force: true })).run();
    const receipts = recorded.frames
      .slice(0, frames)
      .flatMap(({ records }) => records)
      .filter((record) => record.kind === "receipt" && record.outcome !== "partial")
      .reduce((sum, record) => sum + (record.kind === "receipt" ? record.count : 0), 0);
    // Once the sink has drained, it is not opened again.
    for (const each of opened) expect(each.receipts, `killed after frame ${frames}`).toBe(receipts);
    told.push(opened[0]?.receipts);
  }
  expect(new Set(told)).toEqual(new Set([0, 2, 4, undefined]));
});

it("a sink is told that a fork begins, and from the second process on that it is resumed", async () => {
  const { recorded } = await runFlow(noting([]), { store: memoryStore() });
  const store = await killedAfter(recorded, 4);
  const opened: Opened[] = [];
  const described = noting(opened);
  const run = await FlowRun.resume(described, { store });
  const manifest = describeRun(run.definition, {
    runId: testRunId(2),
    createdAtMs: 0,
    durability: "buffered",
    forks: { manifest: run.manifest, at: 3 },
  });
  const parent = (await store.open(testRunId(1)))._unsafeUnwrap();
  const log = (await store.create(manifest))._unsafeUnwrap();
  const host = { clock: run.clock, abortController: () => new AbortController(), runtime: "test", refold: "0.0.0" };
  const fork = (await forkRun(run.definition, parent, log, host))._unsafeUnwrap();
  await fork.start();
  fork.stop();
  await fork.run();
  await (await FlowRun.resume(described, { store, number: 2 })).run();
  expect(opened.filter(({ runId }) => runId === testRunId(2))).toEqual(
    [false, true].map((resumed) => ({ runId: testRunId(2), resumed, receipts: undefined })),
  );
});
