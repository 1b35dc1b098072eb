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
}

/** A flow whose sink notes what it is told when it is opened. */
const noting = (opened: Opened[]): Flow =>
  numbersTo(
    [1, 2],
    connector(({ runId, resumed }) => {
      opened.push({ runId, resumed });
      return { write: () => undefined };
    }),
  );

it("a sink is told for which run it is opened, and whether an earlier process may have delivered for that", async () => {
  const opened: Opened[] = [];
  const { recorded } = await runFlow(noting(opened), { store: memoryStore(), number: 7 });
  const store = await killedAfter(recorded, 3);
  await (await FlowRun.resume(noting(opened), { store, number: 7 })).run();
  expect(opened).toEqual([
    { runId: testRunId(7), resumed: false },
    { runId: testRunId(7), resumed: true },
  ]);
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
  expect(opened.filter(({ runId }) => runId === testRunId(2)).map(({ resumed }) => resumed)).toEqual([false, true]);
});
