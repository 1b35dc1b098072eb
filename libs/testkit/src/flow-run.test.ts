import { describe, expect, it } from "vitest";

import type { FrameDraft, RunManifest, StorageFault } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { configurationFromEntries, flow, type Configuration, type Flow } from "@refold/runtime";

import { FlowRun, replayFlow, runFlow, testRunId, type FlowRunOptions } from "./flow-run.ts";
import { tapLog } from "./log-tap.ts";

const full: StorageFault = { kind: "storage", operation: "write", path: "a disk", cause: "full" };

const doubling = (factor = 2): Flow =>
  flow("doubling", (f) =>
    f
      .source("numbers", [1, 2])
      .map("doubled", (n) => factor * n)
      .sink("out", () => undefined),
  );

describe("runFlow", () => {
  it("runs a flow to its end and gives what is on record, by stage", async () => {
    const { report, recorded } = await runFlow(doubling(), { store: memoryStore() });
    expect(report.status).toBe("completed");
    expect(recorded.payloads("doubled")).toEqual([2, 4]);
    expect(recorded.moves("doubled")).toEqual(["initialized", "running", "draining", "drained"]);
    expect(recorded.recordsOf("system", "seal")).toMatchObject([{ status: "completed" }]);
    expect(recorded.records("out").length).toBe(recorded.framesOf("out").reduce((sum, { count }) => sum + count, 0));
    expect(() => recorded.records("nobody")).toThrow('the run has no stage "nobody"');
  });

  it("puts the same bytes on record every time", async () => {
    const first = await runFlow(doubling(), { store: memoryStore() });
    const second = await runFlow(doubling(), { store: memoryStore() });
    expect(second.recorded.frames).toEqual(first.recorded.frames);
    expect(second.recorded.manifest).toEqual(first.recorded.manifest);
  });

  it("says what is wrong with a flow that cannot be built", async () => {
    await expect(
      runFlow(
        flow("empty", () => undefined),
        { store: memoryStore() },
      ),
    ).rejects.toThrow("The flow has no stages");
  });

  it("runs a flow under the settings that it carries, and those of the test are stronger", async () => {
    const carrying = flow("carrying", (f) => f.source("numbers", [1, 2, 3, 4]).sink("out", () => undefined), {
      configuration: { stages: { numbers: { "stage.stepInputs": 1 } } },
    });
    const framesUnder = async (configuration: Configuration): Promise<number> => {
      const { recorded } = await runFlow(carrying, { store: memoryStore(), configuration });
      return recorded.framesOf("numbers").length;
    };
    expect(await framesUnder({})).toBe((await framesUnder({ stages: { numbers: { "stage.stepInputs": 4 } } })) + 3);
  });

  it("puts on record what is set, with the durability that is set, and else the one of its options", async () => {
    const manifestUnder = async (options: Pick<FlowRunOptions, "configuration" | "durability">): Promise<RunManifest> =>
      (await runFlow(doubling(), { store: memoryStore(), ...options })).recorded.manifest;
    expect((await manifestUnder({})).durability).toBe("buffered");
    expect((await manifestUnder({ durability: "durable" })).durability).toBe("durable");
    for (const scope of ["global", "flow"] as const) {
      const set = { [scope]: { "log.durability": "strict" } } satisfies Configuration;
      const { durability, configuration = [] } = await manifestUnder({ configuration: set, durability: "durable" });
      expect(durability).toBe("strict");
      expect(configurationFromEntries(configuration)._unsafeUnwrap().flow("log.durability")).toBe("strict");
    }
  });

  it("numbers runs, and keeps one of each number", async () => {
    const store = memoryStore();
    await runFlow(doubling(), { store, number: 1 });
    await runFlow(doubling(), { store, number: 2 });
    await expect(runFlow(doubling(), { store, number: 2 })).rejects.toThrow("the run cannot be kept");
    expect(testRunId(1)).not.toBe(testRunId(2));
    expect((await store.list())._unsafeUnwrap()).toHaveLength(2);
  });
});

describe("replayFlow", () => {
  it("replays a run into another, and tells how it went", async () => {
    const store = memoryStore();
    const { recorded } = await runFlow(doubling(), { store });
    const same = await replayFlow(doubling(), { store });
    expect(same.report.verdict).toBe("matched");
    expect(same.recorded.manifest).toMatchObject({ runId: testRunId(2), replayOf: testRunId(1) });
    expect(same.recorded.payloads("doubled")).toEqual(recorded.payloads("doubled"));
    expect((await replayFlow(doubling(3), { store, into: 3 })).report.verdict).toBe("diverged");
  });

  it("goes by the depth of a cycle that was set for the run", async () => {
    const endless = flow("endless", (f) => {
      const again = f.feedback<number>();
      const all = f.merge(f.source("seed", [1, 2]), again).map("all", (n) => n);
      again.connect(all.filter("back", () => true));
      all.filter("none", () => false).sink("out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(endless, {
      store,
      configuration: { edges: { "back->all": { "divergence.depthHops": 3 } } },
    });
    expect(recorded.recordsOf("all", "error")).toHaveLength(2);
    expect(recorded.payloads("all")).toHaveLength(8);
    expect((await replayFlow(endless, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  });

  it("says that a replay was refused, or a run is not there", async () => {
    const store = memoryStore();
    await runFlow(doubling(), { store });
    const other = flow("doubling", (f) => f.source("numbers", [1]).sink("out", () => undefined));
    await expect(replayFlow(other, { store })).rejects.toThrow("flow-differs");
    await expect(replayFlow(doubling(), { store, number: 9 })).rejects.toThrow("the run cannot be opened");
  });
});

describe("tapLog", () => {
  it("tells of each frame before and after it is on record, by its number", async () => {
    const before: number[] = [];
    const after: FrameDraft[] = [];
    const run = await FlowRun.open(doubling(), {
      store: memoryStore(),
      tap: (log) =>
        tapLog(log, {
          before: (_, number) => void before.push(number),
          after: (frame, number) => {
            expect(number).toBe(after.length);
            after.push(frame);
          },
        }),
    });
    await run.run();
    const { frames } = await run.recorded();
    expect(before).toEqual(frames.map(({ lsn }) => lsn));
    expect(after.map(({ records }) => records)).toEqual(frames.map(({ records }) => records));
  });

  it("refuses what it is told to, and after a storage fault everything", async () => {
    const run = await FlowRun.open(doubling(), {
      store: memoryStore(),
      tap: (log) => tapLog(log, { before: (_, number) => (number === 7 ? full : undefined) }),
    });
    expect(await run.run()).toMatchObject({ status: "failed", logFault: full });
    expect((await run.recorded()).frames).toHaveLength(7);
  });

  it("counts only what the log has accepted, with one side of it or the other", async () => {
    for (const options of [{ before: () => undefined }, { after: () => undefined }]) {
      const { report } = await runFlow(doubling(), { store: memoryStore(), tap: (log) => tapLog(log, options) });
      expect(report.status).toBe("completed");
    }
  });
});
