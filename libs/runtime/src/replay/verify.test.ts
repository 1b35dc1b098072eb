import { err, ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import {
  eventType,
  type ContractRecord,
  type DataRecord,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Position,
  type RunLog,
  type RunReader,
  type RunStore,
  type TypeId,
} from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import {
  FlowRun,
  ManualClock,
  replayFlow,
  runFlow,
  tapLog,
  testRunId,
  type DecodedFrame,
  type RecordedRun,
} from "@refold/testkit";

import { rewrite, type Edit } from "../../test/rewrite.ts";
import { flow, type Flow, type FlowBuilder } from "../authoring/flow.ts";
import { groupBy } from "../authoring/group-by.ts";
import { poll } from "../authoring/poll.ts";
import { reject } from "../authoring/rejection.ts";
import { onEnd } from "../authoring/schedule.ts";
import { explainReplayFault } from "./explain-replay-fault.ts";
import type { ReplayRunFault } from "./replay-options.ts";
import type { ReplayFault, ReplayReport } from "./replay-report.ts";
import { replayRun } from "./replay-run.ts";

interface Handlers {
  readonly square: (n: number) => unknown;
  readonly spread: (n: unknown) => Iterable<unknown>;
  readonly group: (total: number, item: unknown) => number;
}

const AS_RECORDED: Handlers = {
  square: (n) => ({ n, squared: n * n }),
  spread: (item) => [item],
  group: (total) => total + 1,
};

/** source → square → spread → by-parity → out, with the handlers that a test changes. */
const flowWith = (changed: Partial<Handlers> = {}): Flow =>
  flow("numbers", (f) => {
    const { square, spread, group } = { ...AS_RECORDED, ...changed };
    f.source("numbers", [1, 2, 3, 4, 5])
      .map("square", square)
      .flatMap("spread", spread)
      .stateful(
        "by-parity",
        groupBy({
          key: (item) => ((item as { n: number }).n % 2 === 0 ? "even" : "odd"),
          initial: () => 0,
          fold: group,
          emit: onEnd(),
        }),
      )
      .sink("out", () => undefined);
  });

async function recordedRun(): Promise<{ store: MemoryStore; recorded: RecordedRun }> {
  const store = memoryStore();
  const { recorded } = await runFlow(flowWith(), { store });
  return { store, recorded };
}

async function verify(changed: Partial<Handlers>): Promise<ReplayReport> {
  const { store } = await recordedRun();
  return (await replayFlow(flowWith(changed), { store })).report;
}

async function verifyEdited(edit: Edit): Promise<ReplayReport> {
  const { store, recorded } = await recordedRun();
  await rewrite(store, recorded, 7, edit);
  return (await replayFlow(flowWith(), { store, number: 7 })).report;
}

/** Stages that diverged, with how often. */
const diverged = (report: ReplayReport): Readonly<Record<string, number>> =>
  Object.fromEntries(report.stages.filter((s) => s.diverged > 0).map(({ stage, diverged: times }) => [stage, times]));

const NONE = { changed: 0, missing: 0, extra: 0, "handler-threw": 0 };

const laneOf = (stage: string): number => ["system", "numbers", "square", "spread", "by-parity", "out"].indexOf(stage);

/** Edits the records of one lane, each by itself. */
const editing =
  (stage: string, change: (record: LogRecord) => LogRecord): Edit =>
  ({ lane, records }) =>
    lane === laneOf(stage) ? records.map(change) : records;

describe("a replay that verifies", () => {
  it("finds nothing where nothing has changed, and counts what it looked at", async () => {
    const { store, recorded } = await recordedRun();
    const { report } = await replayFlow(flowWith(), { store });
    expect(report).toMatchObject({ verdict: "matched", first: undefined, uncertified: [] });
    expect(report.frames).toBe(recorded.frames.length);
    expect(report.records).toBe(recorded.frames.reduce((sum, { count }) => sum + count, 0));
    expect(report.stages).toEqual([
      { stage: "numbers", kind: "source", taken: 5, matched: 0, diverged: 0, kinds: NONE, first: undefined },
      { stage: "square", kind: "transform", taken: 0, matched: 5, diverged: 0, kinds: NONE, first: undefined },
      { stage: "spread", kind: "transform", taken: 0, matched: 5, diverged: 0, kinds: NONE, first: undefined },
      { stage: "by-parity", kind: "stateful", taken: 0, matched: 2, diverged: 0, kinds: NONE, first: undefined },
      { stage: "out", kind: "sink", taken: 2, matched: 0, diverged: 0, kinds: NONE, first: undefined },
    ]);
  });

  it("takes the cursors and the failed polls of a source as they are on record, and opens it no more", async () => {
    let polls = 0;
    const described = flow("polled", (f) =>
      f
        .source(
          "numbers",
          poll(() => {
            polls++;
            if (polls === 2) throw new Error("down");
            return { items: [polls, -polls], cursor: { page: polls }, againMs: 0, done: polls === 3 };
          }),
        )
        .map("square", (n) => n * n)
        .sink("out", () => undefined),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const ended = run.run();
    await run.clock.idle();
    run.clock.advance(1_000);
    expect((await ended).status).toBe("completed");
    const recorded = await run.recorded();
    const lane = recorded.records("numbers").map(({ kind }) => kind);
    expect(lane.filter((kind) => kind !== "transition")).toEqual([
      "data",
      "data",
      "cursor",
      "policy",
      "data",
      "data",
      "cursor",
      "end",
    ]);
    const { report, recorded: computed } = await replayFlow(described, { store });
    expect(report).toMatchObject({ verdict: "matched", first: undefined });
    expect(report.stages.map(({ taken, matched }) => [taken, matched])).toEqual([
      [4, 0],
      [0, 4],
      [4, 0],
    ]);
    expect(computed.records("numbers")).toEqual(recorded.records("numbers"));
    expect(polls).toBe(3);
  });

  it("shows a changed value with both sides, its place and its cause, and blames no stage after it", async () => {
    const report = await verify({ square: (n) => ({ n, squared: n === 3 ? 10 : n * n }) });
    expect(report.verdict).toBe("diverged");
    expect(diverged(report)).toEqual({ square: 1 });
    const { recorded } = await recordedRun();
    expect(report.first).toMatchObject({
      stage: "square",
      kind: "changed",
      place: placeOf(recorded, "square", 2),
      causes: [placeOf(recorded, "numbers", 2)],
      recorded: { n: 3, squared: 9 },
      recomputed: { n: 3, squared: 10 },
      differences: [{ path: "$.squared", recorded: "9", recomputed: "10" }],
      code: "changed",
    });
    expect(report.first?.lsn).toBe(frameOf(recorded, "square", 2).lsn);
    expect(report.stages[1]).toMatchObject({ diverged: 1, kinds: { ...NONE, changed: 1 } });
  });

  it("tells what led to the first divergence, back to what came from outside, whatever its steps and reads", async () => {
    const { recorded } = await recordedRun();
    const late = await verify({ spread: (item) => ((item as { n: number }).n === 4 ? [] : [item]) });
    expect(late.chain).toEqual([placeOf(recorded, "square", 3), placeOf(recorded, "numbers", 3)]);
    expect((await verify({ square: (n) => (n === 5 ? 0 : AS_RECORDED.square(n)) })).chain).toEqual([
      placeOf(recorded, "numbers", 4),
    ]);
    expect((await verify({ square: AS_RECORDED.square })).chain).toEqual([]);
    // Of an aggregate there are all its inputs.
    expect((await verify({ group: (total) => total + 10 })).chain).toEqual([expect.stringContaining("..") as string]);

    const partial = (last: number): Flow =>
      flow(
        "partial",
        (f) => {
          const tried = f
            .merge(f.source("numbers", [1, 2, 3, 4]), f.source("others", [5, 6]))
            .tryMap("tried", (n) => (n % 2 === 0 ? reject("validation", `${n} is even`) : ok(n)));
          tried.sink("odd", () => undefined);
          tried.errors
            .map("why", ({ input }) => input)
            .map("end", (n) => (n === 4 ? last : n))
            .sink("out", () => undefined);
        },
        { configuration: { flow: { "stage.stepInputs": 3 } } },
      );
    const store = memoryStore();
    const run = await runFlow(partial(4), { store });
    const { report } = await replayFlow(partial(40), { store });
    const [, rejected] = run.recorded
      .records("tried")
      .flatMap((record, seq) =>
        record.kind === "error" && (record.input === 4 || record.input === 2) ? [`tried:${seq}`] : [],
      );
    const why = run.recorded.payloads("why").indexOf(4);
    expect(report.chain).toEqual([placeOf(run.recorded, "why", why), rejected, placeOf(run.recorded, "numbers", 3)]);
  });

  it("counts every divergence, and shows the first in the order of the log", async () => {
    const report = await verify({ square: (n) => -n, group: (total) => total + 2 });
    expect(diverged(report)).toEqual({ square: 5, "by-parity": 2 });
    expect(report.first).toMatchObject({ stage: "square", recorded: { n: 1 }, recomputed: -1 });
  });

  it("shows an output that is missing, without shifting those after it", async () => {
    const report = await verify({ spread: (item) => ((item as { n: number }).n === 2 ? [] : [item]) });
    const { recorded } = await recordedRun();
    // The output is gone, and with it the end advertises one less.
    expect(diverged(report)).toEqual({ spread: 2 });
    expect(report.first).toMatchObject({
      kind: "missing",
      place: placeOf(recorded, "spread", 1),
      causes: [placeOf(recorded, "square", 1)],
      recorded: { n: 2, squared: 4 },
      recomputed: undefined,
    });
    expect(report.stages.find(({ stage }) => stage === "spread")?.matched).toBe(4);
  });

  it("shows an output that is extra, without shifting those after it", async () => {
    const report = await verify({ spread: (item) => ((item as { n: number }).n === 2 ? [item, "more"] : [item]) });
    expect(diverged(report)).toEqual({ spread: 2 });
    expect(report.first).toMatchObject({ kind: "extra", recorded: undefined, recomputed: "more" });
    expect(report.stages.find(({ stage }) => stage === "spread")?.matched).toBe(5);
  });

  it("shows an end that advertises another count", async () => {
    const edit = editing("square", (record) =>
      record.kind === "end" ? { ...record, counts: [{ type: record.counts[0]?.type as never, count: 4 }] } : record,
    );
    const report = await verifyEdited(edit);
    // What reads it has read more than that.
    expect(diverged(report)).toEqual({ square: 1, spread: 1 });
    expect(report.first).toMatchObject({ kind: "changed", causes: [] });
    expect(report.first?.differences).toEqual([{ path: "$.counts[0].count", recorded: "4", recomputed: "5" }]);
  });

  it("shows that a handler threw at an input at which it had not, and goes on with the next", async () => {
    const report = await verify({
      square: (n) => {
        if (n === 2) throw new RangeError("not 2");
        return AS_RECORDED.square(n);
      },
    });
    const { recorded } = await recordedRun();
    expect(report.first).toMatchObject({
      stage: "square",
      kind: "handler-threw",
      causes: [placeOf(recorded, "numbers", 1)],
      recomputed: "RangeError: not 2",
    });
    expect(report.stages.find(({ stage }) => stage === "square")?.matched).toBe(4);
    expect(Object.keys(diverged(report))).toEqual(["square"]);
  });

  it("shows a projection that throws, and one that has changed, as caused by all its inputs", async () => {
    const { recorded } = await recordedRun();
    const changed = await verify({ group: (total) => total + 10 });
    expect(diverged(changed)).toEqual({ "by-parity": 2 });
    const inputs = [placeOf(recorded, "spread", 0), placeOf(recorded, "spread", 4).split(":")[1]].join("..");
    expect(changed.first).toMatchObject({ causes: [inputs], differences: [{ path: "$.value" }] });
    const threw = await verify({
      group: () => {
        throw new Error("no fold");
      },
    });
    expect(threw.first).toMatchObject({ stage: "by-parity", kind: "handler-threw" });
  });

  it("finds an output that cannot be stored any more, however like the recorded one, and keeps the candidate whole", async () => {
    class Point {
      x = 1;
    }
    const cyclic: Record<string, unknown> = { x: 1 };
    cyclic["self"] = cyclic;
    const throwing = {
      get x(): number {
        throw new Error("no x");
      },
    };
    for (const bad of [new Point(), cyclic, { x: new Date(Number.NaN) }, { x: () => 1 }, throwing]) {
      let now: (n: number) => unknown = () => ({ x: 1 });
      const points = flow("points", (f) =>
        f
          .source("numbers", [1, 2, 3])
          .map("point", (n) => now(n))
          .sink("out", () => undefined),
      );
      const store = memoryStore();
      await runFlow(points, { store });
      now = (n) => (n === 2 ? bad : { x: 1 });
      const { report, recorded } = await replayFlow(points, { store });
      // The output is refused, and with it the end advertises one less.
      expect(diverged(report)).toEqual({ point: 2 });
      expect(report.first).toMatchObject({
        stage: "point",
        kind: "changed",
        recorded: { x: 1 },
        recomputed: expect.stringMatching(/^\(cannot be stored: .+ at \$/) as string,
      });
      expect(recorded.payloads("point")).toEqual([{ x: 1 }, { x: 1 }]);
    }
  });

  it("takes objects with their keys in another order for the same, and -0 and 0 for different", async () => {
    expect((await verify({ square: (n) => ({ squared: n * n, n }) })).verdict).toBe("matched");
    const signed = (zero: number): Flow =>
      flow("signed", (f) =>
        f
          .source("numbers", [1])
          .map("zero", () => zero)
          .sink("out", () => undefined),
      );
    const store = memoryStore();
    await runFlow(signed(0), { store });
    const { report } = await replayFlow(signed(-0), { store });
    expect(report.first?.differences).toEqual([{ path: "$", recorded: "0", recomputed: "-0" }]);
  });

  it("shows at most 20 differences of a record", async () => {
    const wide = (value: number): Flow =>
      flow("wide", (f) =>
        f
          .source("numbers", [1])
          .map("wide", () => Array<number>(500).fill(value))
          .sink("out", () => undefined),
      );
    const store = memoryStore();
    await runFlow(wide(1), { store });
    expect((await replayFlow(wide(2), { store })).report.first?.differences).toHaveLength(20);
  });

  it("finds a payload that was tampered with, in the stage that emitted it or reads it, by what was recorded", async () => {
    const edit = editing("square", (record) => (record.kind === "data" ? { ...record, payload: { n: 2 } } : record));
    const report = await verifyEdited(edit);
    expect(report.verdict).toBe("diverged");
    expect(diverged(report)).toMatchObject({ square: 5, spread: 5 });
  });

  it("finds what is said of a record changed: its type, its origin, the inputs of an aggregate", async () => {
    const changes: readonly [string, (record: DataRecord) => LogRecord, string][] = [
      ["square", (record) => ({ ...record, type: 0 as TypeId }), "(record).type"],
      ["square", (record) => ({ ...record, originSeq: 0 as LaneSeq }), "(record).origin"],
      ["by-parity", (record) => ({ ...record, cause: [] }), "(record).cause[0]"],
    ];
    for (const [stage, change, path] of changes) {
      const report = await verifyEdited(editing(stage, (record) => (record.kind === "data" ? change(record) : record)));
      expect(report).toMatchObject({ verdict: "diverged", first: { stage, kind: "changed", differences: [{ path }] } });
    }
  });

  it("finds a transition that the machine does not make, of a stage and of the run", async () => {
    for (const stage of ["system", "numbers", "square", "by-parity", "out"]) {
      const edit = editing(stage, (record) =>
        record.kind === "transition" && record.to === "drained" ? { ...record, to: "cancelled" } : record,
      );
      const report = await verifyEdited(edit);
      expect(report).toMatchObject({ verdict: "diverged", first: { stage, kind: "changed" } });
      expect(report.first?.recorded).toMatch(/ → cancelled$/);
      expect(report.first?.recomputed).toMatch(/ → drained$/);
    }
  });

  it("finds a seal that counts wrong", async () => {
    const edit = editing("system", (record) =>
      record.kind === "seal" ? { ...record, data: record.data.map((count) => count + 1) } : record,
    );
    const report = await verifyEdited(edit);
    expect(report).toMatchObject({ verdict: "diverged", first: { stage: "system" } });
  });

  it("finds a seal that tells of another outcome than the machines came to", async () => {
    for (const change of [{ status: "cancelled" }, { status: "failed" }, { reason: "none" }] as const) {
      const edit = editing("system", (record) => (record.kind === "seal" ? { ...record, ...change } : record));
      const report = await verifyEdited(edit);
      expect(report).toMatchObject({
        verdict: "diverged",
        first: { stage: "system", recomputed: { status: "completed" } },
      });
    }
    // The pipeline says that all stages have drained; the lane of one does not.
    const report = await verifyEdited(({ lane, records }) =>
      lane === laneOf("out") ? records.filter((r) => r.kind !== "transition" || r.to !== "drained") : records,
    );
    expect(report).toMatchObject({ verdict: "diverged", first: { stage: "system" } });
    expect(report.first?.recomputed).toMatchObject({ reason: "stage out has not come to its end" });
  });

  it("finds stages that read nothing of what was there, however well the counts agree", async () => {
    const silent = (stages: readonly string[]): Edit => {
      const lanes = stages.map(laneOf);
      return ({ lane, records }) => {
        if (lanes.includes(lane) && (records[0]?.kind === "consumed" || records[0]?.kind === "data")) return [];
        return records.map((record) => {
          if (record.kind === "seal")
            return { ...record, data: record.data.map((n, at) => (lanes.includes(at) ? 0 : n)) };
          if (!lanes.includes(lane)) return record;
          if (record.kind === "contract") return { ...record, advertised: 0, read: 0 };
          if (record.kind !== "end") return record;
          return { ...record, counts: record.counts.map((count) => ({ ...count, count: 0 })) };
        });
      };
    };
    for (const stages of [
      ["square", "spread", "by-parity", "out"],
      ["spread", "by-parity", "out"],
      ["by-parity", "out"],
      ["out"],
    ]) {
      const report = await verifyEdited(silent(stages));
      expect(report).toMatchObject({ verdict: "diverged", first: { stage: stages[0] } });
      expect(report.first?.recomputed).toMatch(/^not all of .+ was taken by then$/);
      expect(Object.keys(diverged(report)).sort()).toEqual([...stages].sort());
    }
  });

  it("finds inputs that are said to have come to another end", async () => {
    for (const stage of ["square", "by-parity", "out"]) {
      const edit = editing(stage, (record) =>
        record.kind === "transition" && record.event.kind === "inputs-ended"
          ? { ...record, event: { kind: "inputs-ended", end: "truncated" } as { kind: string } }
          : record,
      );
      expect(await verifyEdited(edit)).toMatchObject({ verdict: "diverged", first: { stage } });
    }
  });

  it("finds contracts that say other than what was read and delivered, or are not there", async () => {
    const found: string[] = [];
    for (const stage of ["square", "spread", "by-parity", "out"]) {
      for (const name of ["transport", "delivery"]) {
        const changes: readonly ((record: ContractRecord) => readonly LogRecord[])[] = [
          (record) => [{ ...record, read: record.read + 1 }],
          (record) => [{ ...record, advertised: record.advertised + 1 }],
          (record) => [{ ...record, verdict: "violated" }],
          // Without it, and with something else in its place.
          (record) => [{ ...record, contract: "schema" }],
        ];
        for (const change of changes) {
          let changed = 0;
          const report = await verifyEdited(({ lane, records }) =>
            records.flatMap((record) => {
              if (lane !== laneOf(stage) || record.kind !== "contract" || record.contract !== name) return [record];
              changed++;
              return change(record);
            }),
          );
          expect(diverged(report)).toEqual(changed > 0 ? { [stage]: 1 } : {});
          if (changed > 0) found.push(`${stage} ${name}`);
        }
      }
    }
    expect(new Set(found)).toEqual(
      new Set(["square transport", "spread transport", "by-parity transport", "out transport", "out delivery"]),
    );
  });

  it("finds a source that has another count on record than it says", async () => {
    const counted = flow("counted", (f) =>
      f.source("numbers", [1, 2, 3], { expected: 3 }).sink("out", () => undefined),
    );
    const store = memoryStore();
    const { recorded } = await runFlow(counted, { store });
    expect(recorded.recordsOf("numbers", "contract")).toHaveLength(1);
    expect((await replayFlow(counted, { store })).report.verdict).toBe("matched");
    await rewrite(store, recorded, 7, ({ records }) =>
      records.map((record) =>
        record.kind === "contract" && record.contract === "source" ? { ...record, advertised: 4, read: 4 } : record,
      ),
    );
    const { report } = await replayFlow(counted, { store, number: 7 });
    expect(report).toMatchObject({ verdict: "diverged", first: { stage: "numbers", recomputed: { read: 3 } } });
  });

  it("does not certify a run without a seal, cut at any frame, and says why", async () => {
    const { recorded } = await recordedRun();
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const report = await verifyEdited((frame) => (frame.lsn < frames ? frame.records : undefined));
      expect(report).toMatchObject({ verdict: "uncertified", first: undefined, frames });
      expect(report.uncertified).toEqual([expect.stringContaining("no seal")]);
    }
  });

  it("does not certify a run with a torn tail", async () => {
    const { store } = await recordedRun();
    const report = await refusalOrReport(store, flowWith(), {
      tornTail: { segment: "000001.log", offset: 900, bytes: 17 },
    });
    expect(report).toMatchObject({ verdict: "uncertified" });
    expect((report as ReplayReport).uncertified.join()).toContain("17 bytes of 000001.log");
  });

  it("rather tells of a divergence than of what it could not certify", async () => {
    const { store, recorded } = await recordedRun();
    const last = recorded.frames.length - 1;
    await rewrite(store, recorded, 7, ({ lsn, records }) => (lsn < last ? records : undefined));
    const { report } = await replayFlow(flowWith({ square: () => 0 }), { store, number: 7 });
    expect(report.verdict).toBe("diverged");
    expect(report.uncertified).toHaveLength(1);
  });

  it("tells unexpected divergences from changed code, and knows where it cannot tell", async () => {
    let offset = 0;
    const impure: Partial<Handlers> = { square: (n) => n + offset };
    const store = memoryStore();
    await runFlow(flowWith(impure), { store });
    offset = 1;
    const { first } = (await replayFlow(flowWith(impure), { store })).report;
    expect(first?.code).toBe("same");
    expect(first?.fingerprints.recorded).toBe(first?.fingerprints.now);
    const other = (await replayFlow(flowWith({ square: () => 0 }), { store, into: 3 })).report.first?.fingerprints;
    expect(other?.recorded).toBe(first?.fingerprints.now);
    expect(other?.now).toMatch(/^[0-9a-f]+$/);
    expect(other?.now).not.toBe(other?.recorded);
    const elsewhere = await refusalOrReport(store, flowWith(impure), {}, "another runtime");
    expect(elsewhere).toMatchObject({ first: { code: "not-comparable" } });
  });

  it("opens no source and no sink, and writes nothing when it has nowhere to", async () => {
    const opened: string[] = [];
    const touching = flow("touching", (f) =>
      f
        .source("numbers", () => {
          opened.push("source");
          return [1];
        })
        .sink("out", {
          guarantee: "at-least-once",
          describe: () => "touching",
          open() {
            opened.push("sink");
            return { write: () => void opened.push("write") };
          },
        }),
    );
    const store = memoryStore();
    await runFlow(touching, { store });
    opened.length = 0;
    const seen: number[] = [];
    const report = await refusalOrReport(store, touching, {}, "test", (frames) => seen.push(frames));
    expect(report).toMatchObject({ verdict: "matched" });
    expect(opened).toEqual([]);
    expect(seen.at(-1)).toBe((report as ReplayReport).frames);
    expect((await store.list())._unsafeUnwrap()).toHaveLength(1);
  });

  it("finds that a handler has changed what others read as well, in those others", async () => {
    interface Item {
      a: number;
    }
    const mutating = flow("mutating", (f) => {
      const items = f.source("items", [{ a: 1 }, { a: 2 }] as Item[]);
      items
        .map("inc", (item) => {
          item.a += 100;
          return item;
        })
        .sink("inc-out", () => undefined);
      items.map("ro", ({ a }) => ({ b: a })).sink("ro-out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(mutating, { store });
    expect(recorded.payloads("items")).toEqual([{ a: 1 }, { a: 2 }]);
    expect(recorded.payloads("ro")).toEqual([{ b: 101 }, { b: 102 }]);
    const { report } = await replayFlow(mutating, { store });
    expect(diverged(report)).toEqual({ ro: 2 });
    expect(report.first).toMatchObject({ stage: "ro", recorded: { b: 101 }, recomputed: { b: 1 }, code: "same" });
  });

  it("does not mind the order in which the flow declares its stages", async () => {
    const declared = (turned: boolean): Flow =>
      flow("order", (f) => {
        const numbers = f.source("numbers", [1, 2, 3]);
        const branches = [
          () => numbers.map("doubled", (n) => 2 * n).sink("doubled-out", () => undefined),
          () => numbers.map("halved", (n) => n / 2).sink("halved-out", () => undefined),
        ];
        for (const branch of turned ? branches.reverse() : branches) branch();
      });
    const store = memoryStore();
    await runFlow(declared(false), { store });
    const { report } = await replayFlow(declared(true), { store });
    expect(report).toMatchObject({ verdict: "matched", first: undefined });
  });
});

describe("a replay is refused", () => {
  const refuse = async (build: (f: FlowBuilder) => void): Promise<ReplayFault> => {
    const { store } = await recordedRun();
    const found = await refusalOrReport(store, flow("numbers", build));
    expect(found).toHaveProperty("kind");
    return found as ReplayFault;
  };

  it("by a flow that is not the one on record, with everything in which it differs", async () => {
    const fault = await refuse((f) => {
      const numbers = f.source("numbers", [1], { type: eventType<number>("numbers", { version: 2 }) });
      const square = numbers.filter("by-parity", () => true);
      square.map("square", (n) => n).sink("out", () => undefined);
      square.map("new", (n) => n).sink("other", () => undefined);
    });
    expect(fault).toMatchObject({ kind: "flow-differs" });
    const { differences } = fault as Extract<ReplayFault, { kind: "flow-differs" }>;
    expect(differences).toEqual([
      'Stage "square" read from numbers, but now reads from by-parity.',
      'Stage "spread" is on record, but no longer in the flow.',
      'Stage "by-parity" is on record as stateful, but is now transform.',
      'Stage "out" read from by-parity, but now reads from square.',
      'Stage "new" is in the flow, but not on record.',
      'Stage "other" is in the flow, but not on record.',
      'Event type "numbers" is on record in version 1, but the flow has version 2, and no upcaster from version 1.',
      'Event type "spread" is on record, but no longer in the flow.',
      'Event type "new" is in the flow, but not on record.',
    ]);
    const told = explainReplayFault(fault);
    for (const difference of differences) expect(told).toContain(difference);
    expect(told).toMatch(/Replay with the flow as it was/);
  });

  it("by an event type of the flow that is not on record", async () => {
    const fault = await refuse((f) => {
      f.source("numbers", [1, 2, 3, 4, 5])
        .map("square", (n) => AS_RECORDED.square(n), { type: eventType<unknown>("another") })
        .flatMap("spread", (item) => [item])
        .stateful("by-parity", { initial: () => 0, fold: () => 0, project: () => [], emit: onEnd() })
        .sink("out", () => undefined);
    });
    const { differences } = fault as Extract<ReplayFault, { kind: "flow-differs" }>;
    expect(differences).toContain('Event type "square" is on record, but no longer in the flow.');
    expect(differences).toContain('Event type "another" is in the flow, but not on record.');
  });

  const edited = async (edit: Edit): Promise<ReplayFault> => {
    const { store, recorded } = await recordedRun();
    await rewrite(store, recorded, 7, edit);
    const found = await refusalOrReport(store, flowWith(), {}, "test", undefined, 7);
    expect(found).toHaveProperty("kind", "malformed-record");
    return found as ReplayFault;
  };

  it("by spans that do not fit what is on record, with the frame and the stage", async () => {
    for (const [change, stage] of [
      [(span: { first: number; last: number }) => ({ ...span, first: span.first + 1 }), "square"],
      [(span: { first: number; last: number }) => ({ ...span, last: span.last + 100 }), "spread"],
      [(span: { first: number; last: number }) => ({ ...span, first: span.last, last: span.first - 1 }), "square"],
      [(span: { first: number; last: number }) => ({ ...span, lane: laneOf("out") as LaneId }), "by-parity"],
      [(span: { first: number; last: number }) => ({ ...span, lane: 99 as LaneId }), "square"],
      [(span: { first: number; last: number }) => ({ ...span, last: span.last + 100 }), "out"],
    ] as const) {
      const fault = await edited(
        editing(stage, (record) =>
          record.kind === "consumed"
            ? { ...record, spans: record.spans.map((s) => ({ ...s, ...change(s) }) as never) }
            : record,
        ),
      );
      expect(explainReplayFault(fault)).toMatch(/^Frame \d+ is whole, but what it says makes no sense: in lane /);
      expect((fault as { detail: string }).detail).toContain(`in lane ${stage}`);
    }
  });

  it("by inputs that are taken twice", async () => {
    let first: LogRecord | undefined;
    await edited(
      editing("square", (record) => {
        if (record.kind !== "consumed") return record;
        first ??= record;
        const again = first.kind === "consumed" ? first.spans : [];
        return { ...record, spans: [...again, ...record.spans] };
      }),
    );
  });

  it("by what comes after the seal", async () => {
    const { store, recorded } = await recordedRun();
    const last = recorded.frames.at(-1) as DecodedFrame;
    await rewrite(
      store,
      { manifest: recorded.manifest, frames: [...recorded.frames, last] },
      7,
      ({ records }) => records,
    );
    const found = await refusalOrReport(store, flowWith(), {}, "test", undefined, 7);
    expect(found).toMatchObject({
      kind: "malformed-record",
      lsn: last.lsn + 1,
      detail: "it comes after the run's seal",
    });
  });

  it("by a lane whose numbers have a gap", async () => {
    const { store, recorded } = await recordedRun();
    const log = (await store.create({ ...recorded.manifest, runId: testRunId(7) }))._unsafeUnwrap();
    for (const { lane, timeMs, firstSeq, records } of recorded.frames) {
      const gap = lane === laneOf("square") && firstSeq > 0 ? 1 : 0;
      log.append({ lane, timeMs, firstSeq: (firstSeq + gap) as LaneSeq, records })._unsafeUnwrap();
    }
    await log.close();
    const found = await refusalOrReport(store, flowWith(), {}, "test", undefined, 7);
    expect(found).toMatchObject({ kind: "malformed-record", detail: expect.stringContaining("lane square") as string });
  });

  it("by the log it reads, and by the log it writes", async () => {
    const { store } = await recordedRun();
    const damaged = { kind: "damaged", segment: "000001.log", offset: 9, lsn: 3 as never, detail: "checksum" } as const;
    const read = async function* (): AsyncGenerator<never> {
      yield { isErr: () => true, error: damaged } as never;
    };
    expect(await refusalOrReport(store, flowWith(), { read })).toEqual(damaged);
    expect(explainReplayFault(damaged)).toContain("offset 9");
    const full = { kind: "storage", operation: "append", path: expect.any(String) as string, cause: "full" };
    const copies = memoryStore();
    const { recorded } = await recordedRun();
    const into = (await copies.create({ ...recorded.manifest, runId: testRunId(2) }))._unsafeUnwrap();
    copies.fail("full");
    const result = await replayRun({
      recorded: (await store.open(testRunId(1)))._unsafeUnwrap(),
      definition: flowWith().build()._unsafeUnwrap(),
      into,
      host: { clock: new ManualClock(), runtime: "test", refold: "0.0.0" },
    });
    expect(result._unsafeUnwrapErr()).toEqual(full);
  });

  it("by a log that has taken all that was computed and cannot keep it, which is closed all the same", async () => {
    const { store, recorded } = await recordedRun();
    const fault = { kind: "storage", operation: "write", path: "candidate", cause: "full" } as const;
    let closed = 0;
    const asked: number[] = [];
    const log = (await store.create({ ...recorded.manifest, runId: testRunId(2) }))._unsafeUnwrap();
    const into: RunLog = Object.assign(tapLog(log, {}), {
      whenSafe: (position: Position) => {
        asked.push(position);
        return Promise.resolve(err(fault));
      },
      close: () => {
        closed++;
        return log.close();
      },
    });
    const result = await replayRun({
      recorded: (await store.open(testRunId(1)))._unsafeUnwrap(),
      definition: flowWith().build()._unsafeUnwrap(),
      into,
      host: { clock: new ManualClock(), runtime: "test", refold: "0.0.0" },
    });
    expect(result._unsafeUnwrapErr()).toEqual(fault);
    expect(asked).toEqual([recorded.frames.length]);
    expect(closed).toBe(1);
  });
});

/** What a replay into nowhere gives, of a run whose reader is changed in parts. */
async function refusalOrReport(
  store: RunStore,
  changed: Flow,
  reader: Partial<RunReader> = {},
  runtime = "test",
  progress?: (frames: number) => void,
  number = 1,
): Promise<ReplayRunFault | ReplayReport> {
  const opened = (await store.open(testRunId(number)))._unsafeUnwrap();
  const recorded: RunReader = {
    manifest: opened.manifest,
    tornTail: reader.tornTail,
    writing: false,
    first: opened.first,
    read: reader.read ?? ((from) => opened.read(from)),
    follow: (from) => opened.follow(from),
    last: () => opened.last(),
    snapshot: (before) => opened.snapshot(before),
    close: () => opened.close(),
  };
  const result = await replayRun({
    recorded,
    definition: changed.build()._unsafeUnwrap(),
    host: { clock: new ManualClock(), runtime, refold: "0.0.0" },
    ...(progress === undefined ? {} : { progress }),
  });
  return result.isOk() ? result.value : result.error;
}

function frameOf(recorded: RecordedRun, stage: string, item: number): DecodedFrame {
  let left = item;
  for (const frame of recorded.framesOf(stage)) {
    for (const { kind } of frame.records) if (kind === "data" && left-- === 0) return frame;
  }
  throw new RangeError(`no item ${item}`);
}

function placeOf(recorded: RecordedRun, stage: string, item: number): string {
  let left = item;
  for (const [seq, { kind }] of recorded.records(stage).entries())
    if (kind === "data" && left-- === 0) return `${stage}:${seq}`;
  throw new RangeError(`no item ${item}`);
}
