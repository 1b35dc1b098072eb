import { err, ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import type { ErrorKind } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow } from "@refold/testkit";

import { flow, type Flow } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";
import { onEnd } from "../authoring/schedule.ts";

/** Odd numbers are rejected; what is not is doubled and summed. */
const checked = (kind: ErrorKind, seen: number[], delivered: number[]): Flow =>
  flow("checked", (f) => {
    const even = f
      .source("numbers", [1, 2, 3, 4])
      .tryMap("even", (n) => (n % 2 === 0 ? ok(n) : reject(kind, `${n} is odd`)));
    const doubled = even.map("doubled", (n) => {
      seen.push(n);
      return n * 2;
    });
    doubled.sink("out", (n) => void delivered.push(n));
    doubled
      .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
      .sink("total", (n) => void delivered.push(n));
  });

describe("an input that a handler rejects", () => {
  for (const kind of ["validation", "domain"] as const) {
    it(`as ${kind} stays in band: it is handed on, no handler sees it, and aggregates and sinks leave it out`, async () => {
      const seen: number[] = [];
      const delivered: number[] = [];
      const store = memoryStore();
      const run = await FlowRun.open(checked(kind, seen, delivered), { store });
      const { report, metrics } = await run.handle.runWithMetrics();
      const recorded = await run.recorded();
      expect(report.status).toBe("completed");
      expect(seen).toEqual([2, 4]);
      expect(delivered).toEqual([4, 8, 12]);
      expect(recorded.recordsOf("even", "error")).toMatchObject([
        { error: kind, message: "1 is odd", cause: 0, originLane: 1, originSeq: 3 },
        { error: kind, message: "3 is odd", cause: 2, originLane: 1, originSeq: 5 },
      ]);
      const [first] = recorded.recordsOf("doubled", "error");
      expect(first).toMatchObject({ error: kind, message: "1 is odd", originLane: 1, originSeq: 3 });
      expect(first?.cause).toHaveLength(1);
      expect(recorded.recordsOf("sum", "error")).toEqual([]);
      expect(metrics.stages.map(({ stage, errors }) => [stage, errors[kind]])).toEqual([
        ["numbers", 0],
        ["even", 2],
        ["doubled", 0],
        ["out", 0],
        ["sum", 0],
        ["total", 0],
      ]);
      const replay = await replayFlow(checked(kind, [], []), { store });
      expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
    });
  }

  for (const [what, returned, fault] of [
    [
      "an error of no kind",
      err(new Error("odd")),
      { code: "payload-refused", message: /the field `error`.*\$\.error/ },
    ],
    ["a text for an error", err("odd"), { code: "payload-refused", message: /the field `error`/ }],
    ["nothing", undefined, { code: "handler-threw", message: /tryMap needs ok\(output\) or reject/ }],
  ] as const) {
    it(`by ${what}, as no compiler would have it, fails the stage and leaves a record that can be read`, async () => {
      const odd = flow("odd", (f) =>
        f
          .source("numbers", [1])
          .tryMap("even", () => returned as never)
          .sink("out", () => undefined),
      );
      const run = await FlowRun.open(odd, { store: memoryStore() });
      const { fault: found } = await run.run();
      expect(found).toMatchObject({ code: fault.code, stage: "even", input: "numbers:3" });
      expect(found?.message).toMatch(fault.message);
      expect((await run.recorded()).recordsOf("even", "error")).toEqual([]);
    });
  }

  it("as any other kind goes no further than the record", async () => {
    const delivered: number[] = [];
    const store = memoryStore();
    const run = await FlowRun.open(checked("permanent", [], delivered), { store });
    await run.run();
    const recorded = await run.recorded();
    expect(recorded.recordsOf("even", "error")).toHaveLength(2);
    expect(recorded.recordsOf("doubled", "error")).toEqual([]);
    expect(delivered).toEqual([4, 8, 12]);
    expect((await replayFlow(checked("permanent", [], []), { store })).report.verdict).toBe("matched");
  });

  it("is a divergence when it is not rejected any more, and the other way round", async () => {
    const store = memoryStore();
    await (await FlowRun.open(checked("domain", [], []), { store })).run();
    const replay = await replayFlow(checked("validation", [], []), { store });
    expect(replay.report.first).toMatchObject({ stage: "even", kind: "changed", causes: ["numbers:3"] });
    expect(replay.report.stages.map(({ stage, diverged }) => [stage, diverged])).toEqual([
      ["numbers", 0],
      ["even", 2],
      ["doubled", 0],
      ["out", 0],
      ["sum", 0],
      ["total", 0],
    ]);
  });
});
