import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { livenessOf, type Liveness } from "./liveness-monitor.ts";

describe("the liveness of an edge", () => {
  const after = { idleMs: 6, suspectMs: 30, stalledMs: 120 };
  const STATUSES: readonly Liveness[] = ["healthy", "idle", "suspect", "stalled", "recovered"];

  it("follows from how long nothing was taken, from whether anything waits, and from what it was", () => {
    for (const before of STATUSES) {
      const quiet = before === "suspect" || before === "stalled" ? "recovered" : undefined;
      for (const [silentMs, waiting, expected] of [
        [0, false, quiet ?? "healthy"],
        [5, false, quiet ?? "healthy"],
        [6, false, quiet ?? "idle"],
        [1_000, false, quiet ?? "idle"],
        [0, true, quiet ?? "healthy"],
        [29, true, quiet ?? "healthy"],
        [30, true, "suspect"],
        [119, true, "suspect"],
        [120, true, "stalled"],
        [1_000, true, "stalled"],
      ] as const) {
        expect(livenessOf(before, silentMs, waiting, after), `${before}, ${silentMs}, ${waiting}`).toBe(expected);
      }
    }
  });

  const watched = (): { readonly described: Flow; readonly give: () => void; readonly settle: () => void } => {
    let give: () => void = () => undefined;
    let settle: () => void = () => undefined;
    const described = flow("watched", (f) =>
      f
        .source("numbers", async function* () {
          for (let n = 0; ; n++) {
            await new Promise<void>((resolve) => (give = resolve));
            yield n;
          }
        })
        .sink("out", () => new Promise<void>((resolve) => (settle = resolve))),
    );
    return { described, give: () => give(), settle: () => settle() };
  };

  it("goes through all of its states on record, and harms nobody", async () => {
    const { described, give, settle } = watched();
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const ended = run.run();
    const seen: string[] = [];
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i++) {
        await run.clock.idle();
        run.clock.advance(1_000);
        const status = run.handle.metrics().edges[0]?.liveness as string;
        if (status !== seen.at(-1)) seen.push(status);
      }
    };
    await pass(4);
    expect(seen).toEqual(["healthy"]);
    await pass(6);
    expect(seen).toEqual(["healthy", "idle"]);
    give();
    await pass(20);
    expect(seen).toEqual(["healthy", "idle", "healthy"]);
    await pass(20);
    expect(seen.at(-1)).toBe("suspect");
    await pass(100);
    expect(seen.at(-1)).toBe("stalled");
    settle();
    await pass(2);
    expect(seen.at(-1)).toBe("recovered");
    await pass(2);
    expect(seen.at(-1)).toBe("healthy");
    run.handle.stop();
    expect((await ended).status).toBe("cancelled");
    expect(run.clock.timers).toBe(0);
    const recorded = await run.recorded();
    const records = recorded.recordsOf("system", "liveness");
    expect(records.map(({ status }) => status)).toEqual([
      ...["idle", "healthy", "suspect", "stalled", "recovered", "healthy"],
    ]);
    for (const { upstream, reader } of records) expect([upstream, reader]).toEqual([1, 2]);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });

  it("is not kept up by a writer alone: what waits and is not taken becomes suspect while more comes", async () => {
    const { described, give } = watched();
    const run = await FlowRun.open(described, { store: memoryStore() });
    const ended = run.run();
    for (let i = 0; i < 40; i++) {
      await run.clock.idle();
      give();
      await run.clock.idle();
      run.clock.advance(1_000);
    }
    expect(run.handle.metrics().edges[0]).toMatchObject({ liveness: "suspect", lag: 40 });
    run.handle.stop();
    await run.clock.idle();
    run.clock.advance(10_000);
    await ended;
  });

  it("is measured by thresholds of its own, at intervals that can be set", async () => {
    const { described } = watched();
    const run = await FlowRun.open(described, {
      store: memoryStore(),
      configuration: {
        flow: { "liveness.tickMs": 10 },
        edges: { "numbers->out": { "liveness.idleMs": 25, "liveness.suspectMs": 26, "liveness.stalledMs": 27 } },
      },
    });
    const ended = run.run();
    await run.clock.idle();
    run.clock.advance(29);
    expect(run.handle.metrics().edges[0]?.liveness).toBe("healthy");
    run.clock.advance(1);
    expect(run.handle.metrics().edges[0]?.liveness).toBe("idle");
    run.handle.stop();
    await ended;
  });
});
