import { expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, testRunId, type RecordedRun } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { everyN, onEnd } from "../authoring/schedule.ts";

const RUNS = 20;

/** A flow whose outputs tell whose they are; with `chance`, also of what is random, which hangs on the places of inputs. */
const numbered = (number: number, chance: boolean, delivered: unknown[] = []): Flow =>
  flow("numbered", (f) =>
    f
      .source(
        "items",
        Array.from({ length: 20 + number }, (_, index) => number * 1000 + index),
      )
      .join("known", f.source("names", [{ of: number, name: `run ${number}` }]), {
        kind: "strict",
        key: ({ of }) => of,
        on: (item) => Math.floor(item / 1000),
        combine: (item, { name }) => ({ item, name }),
      })
      .effectful("seen", {
        effects: {},
        concurrency: 3,
        handle: async (item, { capture }) => ({ ...item, seen: await capture("seen", () => number) }),
      })
      .map("chance", (item, context) => (chance ? { ...item, random: context.random(), id: context.id() } : item))
      .stateful("counted", {
        initial: (): { readonly count: number; readonly last?: unknown } => ({ count: 0 }),
        fold: ({ count }, last) => ({ count: count + 1, last }),
        project: (state) => [state],
        emit: number % 2 === 0 ? everyN(3) : onEnd(),
      })
      .sink("out", (item) => void delivered.push(item)),
  );

const STEPWISE = { flow: { "stage.stepInputs": 2, "flowControl.windowRecords": 3 } };

const numbers = Array.from({ length: RUNS }, (_, index) => index * 2 + 1);

/** What each run comes to by itself. */
const alone = (chance: boolean): Promise<readonly RecordedRun[]> =>
  Promise.all(
    numbers.map(async (number) => {
      const { recorded } = await runFlow(numbered(number, chance), {
        store: memoryStore(),
        number,
        configuration: STEPWISE,
      });
      return recorded;
    }),
  );

const outputs = (recorded: RecordedRun): unknown =>
  recorded.manifest.lanes.slice(1).map((stage) => recorded.payloads(stage));

it("twenty runs at once on one store come to what each comes to alone, and verify", async () => {
  const expected = await alone(true);
  const store = memoryStore();
  await Promise.all(
    numbers.map(async (number, index) => {
      const delivered: unknown[] = [];
      const described = numbered(number, true, delivered);
      const { report, recorded } = await runFlow(described, { store, number, configuration: STEPWISE });
      expect(report.status).toBe("completed");
      expect(outputs(recorded)).toEqual(outputs(expected[index] as RecordedRun));
      expect(delivered).toEqual(recorded.payloads("counted"));
      expect((await replayFlow(numbered(number, true), { store, number })).report.verdict).toBe("matched");
    }),
  );
});

it("and so do twenty that were killed together, each somewhere else, and are gone on with together", async () => {
  const expected = await alone(false);
  for (let part = 1; part <= 2; part++) {
    const store = memoryStore();
    for (const [index, { manifest, frames }] of expected.entries()) {
      const log = (await store.create(manifest))._unsafeUnwrap();
      const kept = 1 + Math.floor(((frames.length - 2) * ((part * 7 + index * 3) % 20)) / 20);
      for (const { lane, timeMs, firstSeq, records } of frames.slice(0, kept)) {
        log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
      }
    }
    store.crash();
    await Promise.all(
      numbers.map(async (number, index) => {
        const run = await FlowRun.resume(numbered(number, false), { store, number });
        expect((await run.run()).status).toBe("completed");
        const recorded = await run.recorded();
        expect(recorded.manifest.runId).toBe(testRunId(number));
        expect(outputs(recorded)).toEqual(outputs(expected[index] as RecordedRun));
        expect((await replayFlow(numbered(number, false), { store, number })).report.verdict).toBe("matched");
      }),
    );
  }
});
