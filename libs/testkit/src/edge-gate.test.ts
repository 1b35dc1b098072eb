import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { flow, type Flow } from "@refold/runtime";

import { EdgeGate } from "./edge-gate.ts";
import { FlowRun, replayFlow } from "./flow-run.ts";

const numbered = (delivered: number[] = []): Flow =>
  flow("numbered", (f) => {
    const numbers = f.source("numbers", function* () {
      for (let n = 0; n < 20; n++) yield n;
    });
    numbers.map("doubled", (n) => 2 * n).sink("out", (n) => void delivered.push(n));
    numbers.sink("other", () => undefined);
  });

describe("a gate before an edge", () => {
  it("lets pass what is granted and no more, and everything once it is open", async () => {
    const delivered: number[] = [];
    const gate = new EdgeGate({ from: "doubled", to: "out" });
    const store = memoryStore();
    const run = await FlowRun.open(numbered(delivered), { store, gates: [gate] });
    const ended = run.run();
    await run.clock.idle();
    expect(delivered).toEqual([]);
    for (const records of [1, 4]) {
      gate.grant(records);
      await run.clock.idle();
    }
    expect(delivered).toEqual([0, 2, 4, 6, 8]);
    expect(gate.credit).toBe(0);
    gate.open();
    expect((await ended).status).toBe("completed");
    expect(delivered).toHaveLength(20);
    expect(run.clock.timers).toBe(0);
    expect((await replayFlow(numbered(), { store })).report.verdict).toBe("matched");
  });

  it("holds the writer, and so what else reads of it, as a slow reader does", async () => {
    const gate = new EdgeGate({ from: "numbers", to: "other", credit: 3 });
    const run = await FlowRun.open(numbered(), { store: memoryStore(), gates: [gate] });
    const ended = run.run();
    await run.clock.idle();
    expect(run.handle.stages().find(({ stage }) => stage === "doubled")).toMatchObject({ in: 3 });
    expect(run.handle.metrics().edges.find(({ to }) => to === "other")).toMatchObject({ lag: 0 });
    run.handle.stop();
    expect((await ended).status).toBe("cancelled");
  });

  it("can be shut again, and then brings the edge to a stall, by name", async () => {
    const gate = new EdgeGate({ from: "numbers", to: "doubled", credit: 5 });
    const run = await FlowRun.open(numbered(), {
      store: memoryStore(),
      gates: [gate],
      configuration: { edges: { "numbers->doubled": { "flowControl.stallTimeoutMs": 1_000 } } },
    });
    const ended = run.run();
    await run.clock.idle();
    gate.grant(4);
    gate.shut();
    await run.clock.idle();
    run.clock.advance(1_000);
    expect(await ended).toMatchObject({ status: "failed", fault: { code: "edge-stalled", stage: "numbers" } });
    expect((await ended).reason).toContain("numbers -> doubled");
  });

  it("is refused for an edge that the flow does not have", async () => {
    for (const ends of [
      { from: "out", to: "numbers" },
      { from: "numbers", to: "out" },
      { from: "nobody", to: "doubled" },
    ]) {
      const gates = [new EdgeGate(ends)];
      await expect(FlowRun.open(numbered(), { store: memoryStore(), gates })).rejects.toThrow(RangeError);
    }
  });
});
