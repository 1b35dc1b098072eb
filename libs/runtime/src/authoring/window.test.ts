import { describe, expect, it } from "vitest";

import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, replayFlow, runFlow, type RecordedRun } from "@refold/testkit";

import { explainFlowFault, type FlowFault } from "../definition/flow-fault.ts";
import { flow, type FlowBuilder } from "./flow.ts";
import type { Stream, WindowStream } from "./stream.ts";
import { session, sliding, tumbling } from "./window-kinds.ts";

interface Reading {
  readonly at: number;
  readonly station: string;
  readonly value: number;
}

const at = (time: number, value: number = 1, station: string = "a"): Reading => ({ at: time, station, value });

/** The values of the inputs, in the order in which they were folded. */
const values = {
  time: (r: Reading) => r.at,
  initial: (): readonly number[] => [],
  fold: (all: readonly number[], r: Reading) => [...all, r.value],
};

interface Windowed {
  readonly results: readonly unknown[];
  readonly late: readonly unknown[];
  readonly recorded: RecordedRun;
}

/** Runs a flow of which the stage `out` is a window stage, and verifies it. */
async function windowed<O>(
  readings: readonly Reading[],
  out: (input: Stream<Reading>) => WindowStream<O, Reading>,
): Promise<Windowed> {
  const results: unknown[] = [];
  const late: unknown[] = [];
  const described = flow("windows", (f) => {
    const stream = out(f.source("readings", readings));
    stream.sink("results", (result) => void results.push(result));
    stream.late.sink("late", (input) => void late.push(input));
  });
  const store = memoryStore();
  const { report, recorded } = await runFlow(described, { store });
  expect(report).toMatchObject({ status: "completed", fault: undefined });
  const replay = await replayFlow(described, { store });
  expect(replay.report).toMatchObject({ verdict: "matched", uncertified: [], first: undefined });
  return { results: [...results], late: [...late], recorded };
}

describe("tumbling windows", () => {
  it("hold the times from their start to before their end, also before 1970", async () => {
    const readings = [at(-11), at(-10), at(-1), at(0), at(9), at(10)];
    const { results, late } = await windowed(readings, (s) => s.window("out", { over: tumbling(10), ...values }));
    expect(results).toEqual([
      { key: undefined, start: -20, end: -10, value: [1], revision: 0 },
      { key: undefined, start: -10, end: 0, value: [1, 1], revision: 0 },
      { key: undefined, start: 0, end: 10, value: [1, 1], revision: 0 },
      { key: undefined, start: 10, end: 20, value: [1], revision: 0 },
    ]);
    expect(late).toEqual([]);
  });

  it("are emitted when an input comes to their end, in the order of their ends, then that in which they were opened", async () => {
    const readings = [at(1, 1, "b"), at(2, 2, "a"), at(3, 3, "b"), at(10, 4, "a"), at(20, 5, "b")];
    const { results, recorded } = await windowed(readings, (s) =>
      s.window("out", { over: tumbling(10), key: (r) => r.station, ...values }),
    );
    expect(results).toEqual([
      { key: "b", start: 0, end: 10, value: [1, 3], revision: 0 },
      { key: "a", start: 0, end: 10, value: [2], revision: 0 },
      { key: "a", start: 10, end: 20, value: [4], revision: 0 },
      { key: "b", start: 20, end: 30, value: [5], revision: 0 },
    ]);
    expect(recorded.recordsOf("out", "watermark").map(({ eventTimeMs }) => eventTimeMs)).toEqual([10, 20]);
    const kinds = recorded
      .records("out")
      .flatMap(({ kind }) => (kind === "data" || kind === "watermark" ? [kind] : []));
    expect(kinds).toEqual(["data", "data", "watermark", "data", "watermark", "data"]);
  });

  it("name the inputs that led to each of them", async () => {
    const readings = [at(1), at(11), at(2), at(12)];
    const { recorded } = await windowed(readings, (s) =>
      s.window("out", { over: tumbling(10), outOfOrderMs: 100, ...values }),
    );
    const first = recorded.framesOf("readings").find(({ records }) => records[0]?.kind === "data")?.firstSeq as number;
    expect(recorded.recordsOf("out", "data").map(({ cause }) => cause)).toEqual([
      [{ lane: 1, first, last: first + 2 }],
      [{ lane: 1, first: first + 1, last: first + 3 }],
    ]);
  });

  it("emit what they are projected to", async () => {
    const { results } = await windowed([at(1, 2), at(2, 3)], (s) =>
      s.window("out", {
        over: tumbling(10),
        time: (r) => r.at,
        initial: () => 0,
        fold: (sum, r) => sum + r.value,
        project: ({ start, end, value }) => `${start}..${end}: ${value}`,
      }),
    );
    expect(results).toEqual(["0..10: 5"]);
  });
});

describe("sliding windows", () => {
  it("hold an input once for each window that its time is in", async () => {
    const { results, late } = await windowed([at(0, 1), at(5, 2), at(14, 3)], (s) =>
      s.window("out", { over: sliding({ sizeMs: 10, everyMs: 5 }), ...values }),
    );
    expect(results).toMatchObject([
      { start: -5, end: 5, value: [1] },
      { start: 0, end: 10, value: [1, 2] },
      { start: 5, end: 15, value: [2, 3] },
      { start: 10, end: 20, value: [3] },
    ]);
    expect(late).toEqual([]);
  });

  it("give to the late inputs whatever a window misses, though others hold it", async () => {
    const { results, late } = await windowed([at(0, 1), at(11, 2), at(6, 3)], (s) =>
      s.window("out", { over: sliding({ sizeMs: 10, everyMs: 5 }), ...values }),
    );
    expect(late).toEqual([at(6, 3)]);
    expect(results).toMatchObject([
      { start: -5, value: [1] },
      { start: 0, value: [1] },
      { start: 5, value: [2, 3] },
      { start: 10, value: [2] },
    ]);
  });
});

describe("sessions", () => {
  const sessions = {
    over: session({ gapMs: 10 }),
    merge: (a: readonly number[], b: readonly number[]) => [...a, ...b],
    ...values,
  } as const;

  it("last until no input has come for as long as the gap", async () => {
    const { results } = await windowed([at(0, 1), at(9, 2), at(19, 3), at(28, 4), at(100, 5)], (s) =>
      s.window("out", sessions),
    );
    expect(results).toMatchObject([
      { start: 0, end: 19, value: [1, 2] },
      { start: 19, end: 38, value: [3, 4] },
      { start: 100, end: 110, value: [5] },
    ]);
  });

  it("become one when an input comes between them, the earlier first", async () => {
    const { results, recorded } = await windowed(
      [at(20, 1), at(0, 2), at(40, 3), at(11, 4), at(5, 5), at(200, 6)],
      (s) => s.window("out", { ...sessions, outOfOrderMs: 40 }),
    );
    expect(results).toMatchObject([
      { start: 0, end: 30, value: [2, 1, 4, 5] },
      { start: 40, end: 50, value: [3] },
      { start: 200, value: [6] },
    ]);
    const first = recorded.framesOf("readings").find(({ records }) => records[0]?.kind === "data")?.firstSeq as number;
    expect(recorded.recordsOf("out", "data")[0]?.cause).toEqual([{ lane: 1, first, last: first + 4 }]);
  });

  it("take the place of what they were when a late input lengthens or joins them", async () => {
    const { results, late, recorded } = await windowed(
      [at(0, 1), at(15, 2), at(50, 3), at(8, 4), at(24, 5), at(45, 6), at(500, 7)],
      (s) => s.window("out", { ...sessions, allowedLatenessMs: 100 }),
    );
    expect(late).toEqual([]);
    expect(results).toMatchObject([
      { start: 0, end: 10, value: [1], revision: 0 },
      { start: 15, end: 25, value: [2], revision: 0 },
      { start: 0, end: 25, value: [1, 2, 4], revision: 2 },
      { start: 0, end: 34, value: [1, 2, 4, 5], revision: 3 },
      { start: 45, end: 60, value: [3, 6], revision: 0 },
      { start: 500, end: 510, value: [7], revision: 0 },
    ]);
    // So long windows may be emitted again, nothing is promised of them.
    expect(recorded.recordsOf("out", "watermark").map(({ eventTimeMs }) => eventTimeMs)).toEqual([-85, -50, 400]);
  });
});

describe("an input that comes after its window", () => {
  it("is late when it is further behind than inputs may be out of order, and goes where the late ones go", async () => {
    const readings = [at(0, 1), at(14, 2), at(9, 3), at(15, 4), at(9, 5), at(14, 6)];
    const { results, late, recorded } = await windowed(readings, (s) =>
      s.window("out", { over: tumbling(10), outOfOrderMs: 5, ...values }),
    );
    expect(results).toMatchObject([
      { start: 0, value: [1, 3] },
      { start: 10, value: [2, 4, 6] },
    ]);
    expect(late).toEqual([at(9, 5)]);
    const lateType = recorded.manifest.types.findIndex(({ name }) => name === "out.late");
    expect(recorded.recordsOf("out", "data").filter(({ type }) => type === lateType)).toHaveLength(1);
  });

  it("has the window emitted again while it is kept, also one that did not come about before", async () => {
    const readings = [at(5, 1), at(25, 2), at(6, 3), at(15, 4), at(29, 5), at(7, 6), at(30, 7), at(8, 8), at(19, 9)];
    const { results, late } = await windowed(readings, (s) =>
      s.window("out", { over: tumbling(10), allowedLatenessMs: 20, ...values }),
    );
    expect(results).toMatchObject([
      { start: 0, value: [1], revision: 0 },
      { start: 0, value: [1, 3], revision: 1 },
      { start: 10, value: [4], revision: 0 },
      { start: 0, value: [1, 3, 6], revision: 2 },
      { start: 20, value: [2, 5], revision: 0 },
      { start: 10, value: [4, 9], revision: 1 },
      { start: 30, value: [7], revision: 0 },
    ]);
    expect(late).toEqual([at(8, 8)]);
  });

  it("need not be read by anyone", async () => {
    const results: unknown[] = [];
    const described = flow("no-late", (f) => {
      f.source("readings", [at(0), at(10), at(5)])
        .window("out", { over: tumbling(10), ...values })
        .sink("results", (result) => void results.push(result));
    });
    const store = memoryStore();
    expect((await runFlow(described, { store })).report.status).toBe("completed");
    expect(results).toHaveLength(2);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });
});

describe("an input whose event time is no time", () => {
  it("is rejected, and the run goes on", async () => {
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY, -8.64e15 - 2, "1970", undefined].map((time) =>
      at(time as number),
    );
    const errors: unknown[] = [];
    const results: unknown[] = [];
    const described = flow("no-time", (f) => {
      const out = f.source("readings", [at(1, 1), ...wrong, at(2, 2)]).window("out", { over: tumbling(10), ...values });
      out.sink("results", (result) => void results.push(result));
      out.errors.map("told", ({ error, message }) => [error, message]).sink("errors", (told) => void errors.push(told));
    });
    const { report } = await runFlow(described, { store: memoryStore() });
    expect(report).toMatchObject({ status: "completed", fault: undefined });
    expect(errors).toHaveLength(wrong.length);
    expect(errors[0]).toEqual(["validation", expect.stringContaining("NaN")]);
    expect(results).toMatchObject([{ start: 0, value: [1, 2] }]);
  });
});

describe("a window stage of several upstreams", () => {
  /** Two sources, of which the test lets pass what it wants. */
  async function gated(
    left: readonly Reading[],
    right: readonly Reading[],
    then: (
      gates: { readonly left: EdgeGate; readonly right: EdgeGate },
      run: FlowRun,
      results: unknown[],
    ) => Promise<void>,
  ): Promise<void> {
    const results: unknown[] = [];
    const described = flow("fan-in", (f) => {
      f.merge(f.source("left", left), f.source("right", right))
        .window("out", { over: tumbling(10), ...values })
        .sink("results", (result) => void results.push(result));
    });
    const gates = {
      left: new EdgeGate({ from: "left", to: "out" }),
      right: new EdgeGate({ from: "right", to: "out" }),
    };
    const store = memoryStore();
    const run = await FlowRun.open(described, { store, gates: Object.values(gates) });
    await then(gates, run, results);
    const replay = await replayFlow(described, { store });
    expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
  }

  it("waits for the one that is least advanced, and for one that has given nothing", async () => {
    await gated([at(1, 1), at(100, 2)], [at(2, 3), at(11, 4), at(31, 5)], async ({ left, right }, run, results) => {
      const report = run.run();
      left.open();
      await run.clock.idle();
      expect(results).toEqual([]);
      right.grant(1);
      await run.clock.idle();
      expect(results).toEqual([]);
      right.grant(1);
      await run.clock.idle();
      expect(results).toMatchObject([{ start: 0, value: [1, 3] }]);
      right.open();
      expect((await report).status).toBe("completed");
      expect(results).toMatchObject([
        { start: 0 },
        { start: 10, value: [4] },
        { start: 30, value: [5] },
        { start: 100, value: [2] },
      ]);
    });
  });

  it("waits no more for one that has ended", async () => {
    await gated([at(1, 1), at(12, 2)], [], async ({ left, right }, run, results) => {
      const report = run.run();
      right.open();
      left.grant(2);
      await run.clock.idle();
      expect(results).toMatchObject([{ start: 0, value: [1] }]);
      left.open();
      expect((await report).status).toBe("completed");
      expect(results).toHaveLength(2);
    });
  });

  it("emits nothing that lacks what a stop has cut off from one of them", async () => {
    const stalling = (count: number): (() => AsyncGenerator<Reading>) =>
      async function* () {
        for (let time = 0; time < count; time++) yield at(time, time);
        await new Promise(() => undefined);
      };
    const results: { readonly start: number; readonly value: readonly number[] }[] = [];
    const described = flow("stopped", (f) => {
      f.merge(f.source("left", stalling(25)), f.source("right", stalling(200)))
        .window("out", { over: tumbling(10), ...values })
        .sink("results", (result) => void results.push(result));
    });
    const gate = new EdgeGate({ from: "right", to: "out", credit: 100 });
    const store = memoryStore();
    const run = await FlowRun.open(described, { store, gates: [gate] });
    const report = run.run();
    await run.clock.idle();
    run.handle.stopGraceful({ reason: "enough" });
    await run.clock.idle();
    // What the left one holds back ends here, while the right one goes on.
    expect((await run.recorded()).recordsOf("left", "end")).toMatchObject([{ end: "truncated" }]);
    gate.open();
    expect((await report).status).toBe("cancelled");
    expect((await run.recorded()).payloads("right")).toHaveLength(200);
    expect(results.map(({ start }) => start)).toEqual([0, 10]);
    for (const { value } of results) expect(value).toHaveLength(20);
    expect((await replayFlow(described, { store })).report.first).toBeUndefined();
  });
});

describe("the end of a window stage", () => {
  const many = Array.from({ length: 2_000 }, (_, i) => at(i % 10, i, `station ${i}`));
  const perStation = (f: FlowBuilder, readings: Iterable<Reading>): WindowStream<unknown, Reading> =>
    f
      .source("readings", readings)
      .window("out", { over: tumbling(10), key: (r) => r.station, ...values, outOfOrderMs: 10 });

  it("emits more than its reader has credit for as there is credit, exactly as the replay does", async () => {
    for (const last of [[], [at(1_000, 0, "last")]]) {
      const results: unknown[] = [];
      const described = flow("large", (f) =>
        perStation(f, [...many, ...last]).sink("results", (result) => void results.push(result)),
      );
      const store = memoryStore();
      const { report, recorded } = await runFlow(described, {
        store,
        configuration: { global: { "flowControl.windowRecords": 7 } },
      });
      expect(report.status).toBe("completed");
      expect(results).toHaveLength(many.length + last.length);
      expect(recorded.framesOf("out").length).toBeGreaterThan(many.length / 8);
      const replay = await replayFlow(described, { store });
      expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
    }
  });

  it("leaves open windows unsaid when the run is cancelled, and its replay does not miss them", async () => {
    for (const granted of [0, 100]) {
      const described = flow("cancelled", (f) => perStation(f, [...many, at(1_000)]).sink("results", () => undefined));
      const store = memoryStore();
      const gate = new EdgeGate({ from: "out", to: "results", credit: granted });
      const run = await FlowRun.open(described, { store, gates: [gate] });
      const report = run.run();
      await run.clock.idle();
      run.handle.stop("enough");
      expect((await report).status).toBe("cancelled");
      expect((await run.recorded()).payloads("out")).toHaveLength(granted);
      expect((await replayFlow(described, { store })).report.first).toBeUndefined();
    }
  });

  it("comes with a fault when there would be more windows than its limit", async () => {
    const run = (maxWindows: number): ReturnType<typeof runFlow> =>
      runFlow(
        flow("limited", (f) =>
          f
            .source("readings", [at(0, 1, "a"), at(0, 1, "b"), at(0, 1, "c"), at(10, 1, "a")])
            .window("out", { over: tumbling(10), key: (r) => r.station, ...values, maxWindows })
            .sink("results", () => undefined),
        ),
        { store: memoryStore() },
      );
    const { report } = await run(3);
    expect(report).toMatchObject({
      status: "failed",
      fault: { code: "handler-threw", stage: "out", message: expect.stringContaining("3 windows") as string },
    });
    expect((await run(4)).report.status).toBe("completed");
  });
});

describe("a window stage that makes no sense", () => {
  const problemsOf = (declare: (input: Stream<Reading>) => WindowStream<unknown, Reading>): readonly string[] => {
    const built = flow("broken", (f) => declare(f.source("readings", [])).sink("out", () => undefined)).build();
    const faults: readonly FlowFault[] = built.isErr() ? built.error : [];
    for (const fault of faults) expect(explainFlowFault(fault)).toMatch(/^Stage "bad": .*[.]$/);
    return faults.map((fault) =>
      fault.kind === "bad-option" ? fault.problem : fault.kind === "not-a-function" ? fault.what : fault.kind,
    );
  };

  it("is told of all that is wrong with it at once", () => {
    const problems = problemsOf((s) =>
      s.window("bad", {
        over: session({ gapMs: 0 }),
        ...values,
        // What no compiler warns JavaScript authors of.
        merge: undefined as never,
        outOfOrderMs: -1,
        allowedLatenessMs: Number.NaN,
        maxWindows: 0,
        key: "station" as never,
      }),
    );
    expect(problems).toEqual([
      expect.stringContaining("a gap of 0 ms"),
      expect.stringContaining("outOfOrderMs of -1"),
      expect.stringContaining("allowedLatenessMs of NaN"),
      expect.stringContaining("`merge`"),
      expect.stringContaining("maxWindows of 0"),
      "its `key`",
    ]);
  });

  it("has windows of no length, or a step that leaves times out", () => {
    const over = (windows: ReturnType<typeof tumbling>): readonly string[] =>
      problemsOf((s) => s.window("bad", { over: windows, ...values }));
    for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48, "1" as never]) {
      expect(over(tumbling(size))).toEqual([expect.stringContaining(`a window of ${size} ms`)]);
    }
    expect(over(sliding({ sizeMs: 10, everyMs: 0 }))).toEqual([expect.stringContaining("a step of 0 ms")]);
    expect(over(sliding({ sizeMs: 10, everyMs: 11 }))).toEqual([expect.stringContaining("leaves out")]);
    expect(over(sliding({ sizeMs: 10, everyMs: 10 }))).toEqual([]);
    expect(over(undefined as never)).toEqual([expect.stringContaining("it has no windows")]);
  });

  it("lacks its spec altogether", () => {
    expect(problemsOf((s) => s.window("bad", undefined as never))).toEqual([
      expect.stringContaining("it has no windows"),
      ...["its `time`", "its `initial`", "its `fold`"],
    ]);
  });
});
