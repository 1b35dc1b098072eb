import { describe, expect, it } from "vitest";

import type { FrameDraft } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, runFlow, tapLog } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { onEnd } from "../authoring/schedule.ts";

/** A stage of each kind. `happened` hears of what the outside sees. */
const everyKind = (happened: (what: string) => void = () => undefined): Flow =>
  flow("every-kind", (f) => {
    const numbers = f.source("numbers", () => {
      happened("source opened");
      return [1, 2, 3];
    });
    numbers
      .map("doubled", (n) => 2 * n)
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
      .sink("out", {
        guarantee: "at-least-once",
        describe: () => "telling",
        open() {
          happened("sink opened");
          return {
            write: () => happened("sink written"),
            flush: () => happened("sink flushed"),
            close: () => happened("sink closed"),
          };
        },
      });
  });

describe("the lifecycle on record", () => {
  it("leads the run, and each kind of stage, through its states", async () => {
    const { recorded } = await runFlow(everyKind(), { store: memoryStore() });
    expect(recorded.moves("system")).toEqual([
      "materializing",
      "materialized",
      ...["materialized", "materialized", "materialized", "ready"],
      "running",
      "source-completed",
      "draining",
      ...["draining", "draining", "drained"],
    ]);
    expect(recorded.moves("numbers")).toEqual(["initialized", "waiting-for-gun", "running", "draining", "drained"]);
    expect(recorded.moves("doubled")).toEqual(["initialized", "running", "draining", "drained"]);
    expect(recorded.moves("sum")).toEqual(["initialized", "accumulating", "draining", "drained"]);
    expect(recorded.moves("out")).toEqual(["initialized", "running", "flushing", "draining", "drained"]);
  });

  it("begins with an epoch that names the process and each stage's code, and ends with the seal", async () => {
    const { recorded } = await runFlow(everyKind(), { store: memoryStore() });
    const [epoch] = recorded.frames[0]?.records ?? [];
    expect(epoch).toMatchObject({ kind: "epoch", runtime: "test", refold: "0.0.0" });
    expect(Object.keys((epoch as { fingerprints: object }).fingerprints)).toEqual(["numbers", "doubled", "sum", "out"]);
    expect(recorded.frames.at(-1)?.records).toMatchObject([
      { kind: "seal", status: "completed", reason: undefined, data: [0, 3, 3, 1, 0] },
    ]);
  });

  it("has every stage but the sources running, then the run ready and running, before a source is told", async () => {
    const { recorded } = await runFlow(everyKind(), { store: memoryStore() });
    const lsnOf = (lane: string, to: string): number =>
      recorded.framesOf(lane).find(({ records }) => records.some((r) => r.kind === "transition" && r.to === to))
        ?.lsn as number;
    for (const [lane, state] of [
      ["doubled", "running"],
      ["sum", "accumulating"],
      ["out", "running"],
      ["numbers", "waiting-for-gun"],
    ] as const) {
      expect(lsnOf(lane, state)).toBeLessThan(lsnOf("system", "ready"));
    }
    expect(lsnOf("system", "ready")).toBeLessThan(lsnOf("system", "running"));
    expect(lsnOf("system", "running")).toBeLessThan(lsnOf("numbers", "running"));
  });

  it("has each transition before what it leads to", async () => {
    const happened: string[] = [];
    const after = ({ records, lane }: FrameDraft): void => {
      for (const r of records) if (r.kind === "transition") happened.push(`${lane === 0 ? "run" : r.machine} ${r.to}`);
    };
    const run = await FlowRun.open(
      everyKind((what) => happened.push(what)),
      { store: memoryStore(), tap: (log) => tapLog(log, { after }) },
    );
    await run.run();
    const order = (...events: readonly string[]): void => {
      const places = events.map((event) => happened.indexOf(event));
      expect(places, happened.join("\n")).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    };
    order(
      "out initialized",
      "sink opened",
      "out running",
      "run ready",
      "run running",
      "numbers running",
      "source opened",
    );
    order("numbers drained", "doubled drained", "sum drained", "sink written");
    order("sink written", "out flushing", "sink flushed", "out draining", "sink closed", "out drained", "run drained");
  });

  it("has its sources completed when the last of them has drained, not before", async () => {
    const { recorded } = await runFlow(
      flow("two", (f) => {
        const long = f.source("long", Array<number>(5_000).fill(1));
        f.merge(f.source("short", [1]), long).sink("out", () => undefined);
        f.source("apart", [1]).sink("apart-out", () => undefined);
      }),
      { store: memoryStore() },
    );
    const lsnOf = (lane: string, to: string): number =>
      recorded.framesOf(lane).find(({ records }) => records.some((r) => r.kind === "transition" && r.to === to))
        ?.lsn as number;
    for (const source of ["short", "long", "apart"]) {
      expect(lsnOf(source, "drained")).toBeLessThan(lsnOf("system", "source-completed"));
    }
    expect(lsnOf("apart-out", "drained")).toBeLessThan(lsnOf("system", "source-completed"));
    expect(recorded.moves("system").at(-1)).toBe("drained");
  });

  it("gives its log up when it has ended, however it did", async () => {
    for (const end of ["completed", "cancelled", "failed"] as const) {
      const store = memoryStore();
      const described = flow("ending", (f) =>
        f.source("numbers", [1]).sink("out", () => {
          if (end === "failed") throw new Error("no");
        }),
      );
      const run = await FlowRun.open(described, { store });
      if (end === "cancelled") run.handle.stop("enough");
      expect((await run.run()).status).toBe(end);
      expect((await store.open(run.manifest.runId))._unsafeUnwrap().writing).toBe(false);
      expect((await store.resume(run.manifest.runId)).isOk()).toBe(true);
    }
  });

  it("waits at ready until it is told to run", async () => {
    const happened: string[] = [];
    const run = await FlowRun.open(
      everyKind((what) => happened.push(what)),
      { store: memoryStore() },
    );
    expect(run.handle.state.kind).toBe("created");
    await run.handle.start();
    await run.handle.start();
    await run.clock.idle();
    expect(run.handle.state.kind).toBe("ready");
    expect(run.handle.stages().map(({ state }) => state)).toEqual([
      "waiting-for-gun",
      "running",
      "accumulating",
      "running",
    ]);
    expect(happened).toEqual(["sink opened"]);
    const [first, second] = [run.run(), run.run()];
    expect((await first).status).toBe("completed");
    expect(await second).toBe(await first);
    await run.handle.start();
  });

  it("tells watchers every state once, in order, until they leave", async () => {
    const run = await FlowRun.open(everyKind(), { store: memoryStore() });
    const seen: string[] = [];
    const early: string[] = [];
    run.handle.watch(({ kind }) => seen.push(kind));
    const leave = run.handle.watch(({ kind }) => {
      early.push(kind);
      if (kind === "ready") leave();
    });
    await run.run();
    expect(seen).toEqual((await run.recorded()).moves("system"));
    expect(early).toEqual(seen.slice(0, seen.indexOf("ready") + 1));
  });

  it("fails the run when a watcher throws, and still tells the others", async () => {
    const run = await FlowRun.open(everyKind(), { store: memoryStore() });
    const seen: string[] = [];
    run.handle.watch(({ kind }) => {
      if (kind === "running") throw new Error("not watching");
    });
    run.handle.watch(({ kind }) => seen.push(kind));
    const report = await run.run();
    expect(report).toMatchObject({ status: "failed", fault: { stage: "system", message: "Error: not watching" } });
    expect(seen).toContain("running");
    expect(seen.at(-1)).toBe("failed");
  });

  it("shuts every stage down although a watcher throws at the last state, and tells the logger", async () => {
    const warned: string[] = [];
    const run = await FlowRun.open(everyKind(), {
      store: memoryStore(),
      logger: { warn: (message) => void warned.push(message), error: () => undefined },
    });
    run.handle.watch(({ kind }) => {
      if (kind === "cancelled") throw new Error("not watching");
    });
    const ended = run.run();
    run.handle.stop("enough");
    const report = await ended;
    expect(report).toMatchObject({ status: "cancelled", abandoned: [] });
    for (const { state } of report.stages) expect(["created", "cancelled", "drained"]).toContain(state);
    expect(warned).toEqual(["the pipeline failed after it had ended"]);
  });

  it("reports what each stage has done, in the order declared", async () => {
    const { report } = await runFlow(everyKind(), { store: memoryStore() });
    expect(report.stages).toEqual([
      { stage: "numbers", state: "drained", in: 3, out: 3, rejected: 0 },
      { stage: "doubled", state: "drained", in: 3, out: 3, rejected: 0 },
      { stage: "sum", state: "drained", in: 3, out: 1, rejected: 0 },
      { stage: "out", state: "drained", in: 1, out: 0, rejected: 0 },
    ]);
  });
});
