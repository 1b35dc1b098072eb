import { ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import type { ErrorKind } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, replayFlow, runFlow, tapLog } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow, type FlowBuilder } from "../authoring/flow.ts";
import type { JoinKind, JoinRead } from "../authoring/join.ts";
import { reject } from "../authoring/rejection.ts";
import type { Stream } from "../authoring/stream.ts";

const BY = { key: (n: number) => n, on: (n: number) => n % 3 };

/** A stream without end, or of so many numbers, joined with the numbers 0, 1 and 2. */
function joined(
  numbers: number,
  given: { kind?: JoinKind; read?: JoinRead; far?: boolean; reference?: () => AsyncIterable<number> } = {},
): Flow {
  const { kind = "inner", read = "first", far = false, reference = [0, 1, 2] } = given;
  return flow("joined", (f) => {
    const stream = f.source("stream", function* () {
      for (let n = 0; n < numbers; n++) yield n;
    });
    const near = far ? stream.map("near", (n) => n).filter("nearer", () => true) : stream;
    near
      .join("join", f.source("reference", reference), { ...BY, kind, read, combine: (n, met) => [n, met] })
      .sink("out", () => undefined);
  });
}

/** Runs a flow with an edge through which nothing passes at first. */
async function gated(
  described: Flow,
  from: string,
): Promise<{ run: FlowRun; gate: EdgeGate; store: ReturnType<typeof memoryStore> }> {
  const gate = new EdgeGate({ from, to: "join" });
  const store = memoryStore();
  return { run: await FlowRun.open(described, { store, gates: [gate] }), gate, store };
}

const matches = async (described: Flow, store: ReturnType<typeof memoryStore>): Promise<void> => {
  const { report } = await replayFlow(described, { store });
  expect(report).toMatchObject({ verdict: "matched", first: undefined });
};

describe("a join that reads its references first", () => {
  it("is hydrating until they have ended, takes nothing of the stream before, and enriches then", async () => {
    const store = memoryStore();
    const { report, recorded } = await runFlow(joined(9), { store });
    expect(report.status).toBe("completed");
    expect(recorded.moves("join")).toEqual(["initialized", "hydrating", "enriching", "draining", "drained"]);
    const records = recorded.records("join");
    const enriching = records.findIndex((record) => record.kind === "transition" && record.to === "enriching");
    const stream = recorded.manifest.lanes.indexOf("stream");
    const ofStream = records.findIndex((r) => r.kind === "consumed" && r.spans.some(({ lane }) => lane === stream));
    expect(ofStream).toBeGreaterThan(enriching);
    await matches(joined(9), store);
  });

  it("holds a stream of any length by its credit, and nobody calls that a stall, however far up it waits", async () => {
    for (const far of [false, true]) {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const described = joined(20_000, {
        far,
        reference: async function* () {
          await opened;
          yield* [0, 1, 2];
        },
      });
      const store = memoryStore();
      const run = await FlowRun.open(described, { store });
      const ended = run.run();
      // Twice the time after which an edge without progress has stalled.
      for (let minute = 0; minute < 4; minute++) {
        await run.clock.idle();
        run.clock.advance(60_000);
      }
      await run.clock.idle();
      expect(run.handle.stages().find(({ stage }) => stage === "join")).toMatchObject({ state: "hydrating", in: 0 });
      const { edges } = run.handle.metrics();
      expect(edges.find(({ from, to }) => from !== "reference" && to === "join")?.creditRecords).toBe(0);
      for (const { liveness } of edges) expect(liveness).toBe("idle");
      open();
      expect(await ended).toMatchObject({ status: "completed", fault: undefined });
      const recorded = await run.recorded();
      expect(recorded.payloads("join")).toHaveLength(20_000);
      await matches(described, store);
    }
  });

  it("takes a stream that has ended long before, and one that is empty", async () => {
    for (const numbers of [0, 4]) {
      const { run, gate } = await gated(joined(numbers, { kind: "left" }), "reference");
      const ended = run.run();
      await run.clock.idle();
      expect((await run.recorded()).recordsOf("stream", "end")).toHaveLength(1);
      gate.open();
      expect((await ended).status).toBe("completed");
      const recorded = await run.recorded();
      expect(recorded.payloads("join")).toEqual([0, 1, 2, 3].slice(0, numbers).map((n) => [n, n % 3]));
    }
  });

  it("stops while it is hydrating: a cancel at once, a graceful stop without joining what it cannot know", async () => {
    for (const kind of ["inner", "left", "strict"] as const) {
      for (const graceful of [false, true]) {
        const described = flow("cut-short", (f) => {
          const reference = f.source("reference", async function* () {
            yield 0;
            await new Promise(() => undefined);
          });
          f.source("stream", [0, 1, 2])
            .join("join", reference, { ...BY, kind, combine: (n, met) => [n, met] })
            .sink("out", () => undefined);
        });
        const store = memoryStore();
        const run = await FlowRun.open(described, { store });
        const ended = run.run();
        await run.clock.idle();
        expect(run.handle.stages().find(({ stage }) => stage === "join")?.state).toBe("hydrating");
        if (graceful) run.handle.stopGraceful({ reason: "enough" });
        else run.handle.stop("enough");
        await run.clock.idle();
        run.clock.advance(5_000);
        expect(await ended).toMatchObject({ status: "cancelled", reason: "enough", fault: undefined });
        const recorded = await run.recorded();
        checkRecord(recorded, run.definition);
        expect(recorded.payloads("join")).toEqual([]);
        expect(recorded.recordsOf("join", "end").map(({ end }) => end)).toEqual(graceful ? ["truncated"] : []);
        await matches(described, store);
      }
    }
  });

  it("can be stopped at any frame, and what is on record replays", async () => {
    for (let at = 0; at < 40; at += 3) {
      const store = memoryStore();
      const described = joined(Number.POSITIVE_INFINITY);
      const run = await FlowRun.open(described, {
        store,
        tap: (log) => tapLog(log, { after: (_, number) => void (number === at && run.handle.stop("enough")) }),
      });
      expect((await run.run()).status).toBe("cancelled");
      checkRecord(await run.recorded(), run.definition);
      await matches(described, store);
    }
  });

  it("does not stand still in windows of 1 to 5", async () => {
    for (let windowRecords = 1; windowRecords <= 5; windowRecords++) {
      const configuration = { flow: { "flowControl.windowRecords": windowRecords } };
      const store = memoryStore();
      const { report, recorded } = await runFlow(joined(40, { far: true }), { store, configuration });
      expect(report.status).toBe("completed");
      expect(recorded.payloads("join")).toHaveLength(40);
      await matches(joined(40, { far: true }), store);
    }
  });
});

describe("a live join", () => {
  it("is live from the start, and joins with the latest that came before", async () => {
    const { run, gate } = await gated(joined(3, { read: "live", kind: "left" }), "reference");
    const ended = run.run();
    await run.clock.idle();
    gate.open();
    expect((await ended).status).toBe("completed");
    const recorded = await run.recorded();
    expect(recorded.moves("join")).toEqual(["initialized", "live", "draining", "drained"]);
    expect(recorded.payloads("join")).toEqual([0, 1, 2].map((n) => [n, undefined]));
  });

  it("starves neither side for the other, however busy that is", async () => {
    for (const [busy, quiet] of [
      ["reference", "stream"],
      ["stream", "reference"],
    ] as const) {
      const taken: Record<string, number> = { stream: 0, reference: 0 };
      const described = flow("busy", (f) => {
        const numbers = (name: string): Stream<number> =>
          f.source(name, function* () {
            for (let n = 0; name === busy || n < 1_000; n++) yield n % 3;
          });
        numbers("stream")
          .join("join", numbers("reference"), {
            read: "live",
            kind: "left",
            key: (n) => (taken["reference"]!++, n),
            on: (n) => (taken["stream"]!++, n),
            combine: (n) => n,
          })
          .sink("out", () => undefined);
      });
      const run = await FlowRun.open(described, {
        store: memoryStore(),
        tap: (log) =>
          tapLog(log, {
            after: () => void (taken[quiet] === 1_000 && taken[busy]! > 0 && run.handle.stop("seen enough")),
          }),
      });
      expect((await run.run()).reason).toBe("seen enough");
      // In turn, a frame at a time: the busy side is never more than a window ahead.
      expect(taken[busy]).toBeLessThan(10_000);
    }
  });

  it("does not wait for a reference where its stream is merged by event time", async () => {
    const described = flow("ordered", (f) => {
      const reference = f.source("reference", async function* (): AsyncGenerator<number> {
        await new Promise(() => undefined);
      });
      f.mergeOrdered((n) => n, f.source("odd", [1, 3]), f.source("even", [0, 2]))
        .join("join", reference, { ...BY, read: "live", kind: "left", combine: (n) => n })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    const ended = run.run();
    await run.clock.idle();
    expect((await run.recorded()).payloads("join")).toEqual([0, 1, 2, 3]);
    run.handle.stop("seen enough");
    await run.clock.idle();
    run.clock.advance(5_000);
    await ended;
  });
});

describe("a strict join", () => {
  it("fails at a miss with the stage, the input and the key, and leaves its readers a poisoned end", async () => {
    const strict = (several: boolean) => (f: FlowBuilder) => {
      const stream = f.source("stream", [1, 7, 2]);
      const carrier = f.source("reference", [1, 2]);
      const by = { key: (n: number) => n, on: (n: number) => n };
      const join = several
        ? stream.join("join", { carrier: { from: carrier, ...by } }, { kind: "strict", combine: (n) => n })
        : stream.join("join", carrier, { ...by, kind: "strict", combine: (n) => n });
      join.sink("out", () => undefined);
    };
    for (const several of [false, true]) {
      const store = memoryStore();
      const described = flow("strict", strict(several));
      const { report, recorded } = await runFlow(described, { store });
      expect(report).toMatchObject({
        status: "failed",
        fault: {
          code: "join-missed",
          stage: "join",
          input: recorded.place("stream", (r) => r.kind === "data" && r.payload === 7),
        },
      });
      const of = several ? ' "carrier"' : "";
      expect(report.fault?.message).toBe(
        `JoinMissed: no record of the reference${of} has the key 7, and the join is strict`,
      );
      expect(recorded.payloads("join")).toEqual([1]);
      expect(recorded.recordsOf("join", "end")).toMatchObject([{ end: "poison" }]);
      await matches(described, store);
    }
  });
});

describe("errors in band", () => {
  it("of the stream pass a join by, and those of a reference go no further than the record", async () => {
    for (const read of ["first", "live"] as const) {
      const even = (kind: ErrorKind) => (n: number) => (n % 2 === 0 ? ok(n) : reject(kind, `${n} is odd`));
      const described = flow("rejecting", (f) => {
        f.source("stream", [0, 1, 2, 3])
          .tryMap("even-stream", even("validation"))
          .join("join", f.source("reference", [0, 1, 2, 3]).tryMap("even-reference", even("domain")), {
            ...{ read, kind: "left", key: (n) => n, on: (n) => n },
            combine: (n) => n,
          })
          .sink("out", () => undefined);
      });
      const store = memoryStore();
      const { report, recorded } = await runFlow(described, { store });
      expect(report.status).toBe("completed");
      expect(recorded.payloads("join")).toEqual([0, 2]);
      expect(recorded.recordsOf("even-reference", "error")).toHaveLength(2);
      const errors = recorded.recordsOf("join", "error");
      expect(errors.map(({ message, error }) => [message, error])).toEqual([
        ["1 is odd", "validation"],
        ["3 is odd", "validation"],
      ]);
      await matches(described, store);
    }
  });
});

describe("a replay of a join", () => {
  const summed = (combine: (n: number, met: number) => unknown, swapped: boolean = false): Flow =>
    flow("summed", (f) => {
      const [a, b] = [f.source("stream", [1, 2, 3]), f.source("reference", [1, 2, 3])];
      const [stream, reference] = swapped ? [b, a] : [a, b];
      stream.join("join", reference, { key: (n) => n, on: (n) => n, combine }).sink("out", () => undefined);
    });

  it("finds an output that has changed, shows both its causes, and blames no other", async () => {
    const store = memoryStore();
    const { recorded } = await runFlow(
      summed((n, met) => n + met),
      { store },
    );
    const { report } = await replayFlow(
      summed((n, met) => (n === 2 ? -1 : n + met)),
      { store },
    );
    expect(report.verdict).toBe("diverged");
    const isTwo = (r: { kind: string; payload?: unknown }): boolean => r.kind === "data" && r.payload === 2;
    expect(report.first).toMatchObject({
      ...{ stage: "join", kind: "changed", recorded: 4, recomputed: -1, code: "changed" },
      causes: [recorded.place("stream", isTwo), recorded.place("reference", isTwo)],
    });
    expect(report.stages.find(({ stage }) => stage === "join")).toMatchObject({ matched: 2, diverged: 1 });
  });

  it("is refused when stream and reference have changed places", async () => {
    const store = memoryStore();
    await runFlow(
      summed((n) => n),
      { store },
    );
    await expect(
      replayFlow(
        summed((n) => n, true),
        { store },
      ),
    ).rejects.toThrow("flow-differs");
  });
});

it("a handle shows the joins of its flow, their inputs and their modes", async () => {
  const described = flow("shown", (f) => {
    const stream = f.merge(f.source("a", [1]), f.source("b", [1]));
    const reference = f.source("c", [1]);
    stream.join("first", reference, { ...BY, combine: (n) => n }).sink("first-out", () => undefined);
    stream
      .join(
        "live",
        { c: { from: reference, ...BY }, d: { from: f.source("d", [1]), ...BY } },
        { kind: "left", read: "live", combine: (n) => n },
      )
      .sink("live-out", () => undefined);
  });
  const { handle } = await FlowRun.open(described, { store: memoryStore() });
  const roles = (...of: readonly (readonly [string, string])[]): unknown => of.map(([from, role]) => ({ from, role }));
  expect(handle.joins()).toEqual([
    {
      stage: "first",
      kind: "inner",
      read: "first",
      inputs: roles(["a", "stream"], ["b", "stream"], ["c", "reference"]),
    },
    {
      ...{ stage: "live", kind: "left", read: "live" },
      inputs: roles(["a", "stream"], ["b", "stream"], ["c", "reference"], ["d", "reference"]),
    },
  ]);
});
