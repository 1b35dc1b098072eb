import { ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import type { Logger } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { EdgeGate, FlowRun, replayFlow, runFlow } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { killedAfter } from "../../test/killed-run.ts";
import { flow, type FlowBuilder } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";
import type { Stream } from "../authoring/stream.ts";
import type { ConfigurationValues } from "../config/configuration-keys.ts";

const NUMBERS = Array.from({ length: 600 }, (_, i) => i);

/** A flow in which 600 numbers are doubled and delivered, while somebody looks on. */
const watched = (look: (doubled: Stream<number>, f: FlowBuilder) => void, delivered: number[] = []) =>
  flow("watched", (f) => {
    const doubled = f.source("numbers", NUMBERS).map("doubled", (n) => 2 * n);
    look(doubled, f);
    doubled.sink("out", (n) => void delivered.push(n));
  });

interface Logged {
  readonly level: "warn" | "error";
  readonly message: string;
}

function logging(into: Logged[]): Logger {
  return {
    warn: (message) => void into.push({ level: "warn", message }),
    error: (message) => void into.push({ level: "error", message }),
  };
}

/** Of JavaScript authors, whom no compiler warns. */
const untyped = (value: unknown): never => value as never;

describe("an observer", () => {
  it("sees every item in its order, with its place and time, and leaves nothing on record but how it fared", async () => {
    const seen: { readonly item: number; readonly place: string; readonly timeMs: number }[] = [];
    const described = watched((doubled) =>
      doubled.observe("audit", (item, { place, timeMs }) => seen.push({ item, place, timeMs })),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    checkRecord(recorded, run.definition);
    const places = recorded
      .framesOf("doubled")
      .flatMap(({ records, firstSeq, timeMs }) =>
        records.flatMap((record, index) =>
          record.kind === "data" ? [{ item: record.payload, place: `doubled:${firstSeq + index}`, timeMs }] : [],
        ),
      );
    expect(places).toHaveLength(600);
    expect(seen).toEqual(places);
    expect(recorded.records("audit").map(({ kind }) => kind)).toEqual(Array(4).fill("transition"));
    expect(recorded.moves("audit")).toEqual(["initialized", "running", "draining", "drained"]);
    expect(run.handle.metrics().stages.find(({ stage }) => stage === "audit")).toMatchObject({ in: 600, out: 0 });
  });

  it("gives the same stream back, to be read on", () => {
    const described = flow("chained", (f) => {
      f.source("numbers", [1])
        .observe("seen", () => undefined)
        .map("doubled", (n) => 2 * n)
        .observe("also-seen", { item: () => undefined })
        .sink("out", () => undefined);
    });
    const { topology } = described.build()._unsafeUnwrap();
    expect(topology.observers.map(({ name }) => name)).toEqual(["seen", "also-seen"]);
    expect(topology.upstream("also-seen")).toEqual(["doubled"]);
    expect(topology.upstream("out")).toEqual(["doubled"]);
  });

  it("sees all that its streams have in common, whichever comes first: those of a merge, and of a route", async () => {
    const seen: number[] = [];
    const described = flow("merged", (f) => {
      const a = f.source("a", [1, 2, 3]);
      const b = f.source("b", [10, 20]);
      f.mergeOrdered((n: number) => n, a, b)
        .observe("seen", (n) => seen.push(n))
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    expect(seen.sort((x, y) => x - y)).toEqual([1, 2, 3, 10, 20]);
  });

  it("sees the inputs that a stage rejected, of whatever kind, and those that are handed on", async () => {
    const direct: unknown[] = [];
    const later: unknown[] = [];
    const errors: unknown[] = [];
    const described = flow("rejecting", (f) => {
      const checked = f.source("numbers", [1, 2, 3]).tryMap("checked", (n) => {
        if (n === 1) return reject("validation", "too small");
        return reject("permanent", "too much");
      });
      checked.observe("direct", { rejected: (rejected, { place }) => direct.push([rejected, place]) });
      checked.errors.observe("errors", ({ input, message }) => errors.push([input, message]));
      checked
        .map("after", (n) => n)
        .observe("later", { item: () => later.push("an item"), rejected: (rejected) => later.push(rejected) })
        .sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    const placeOf = (index: number): string => {
      const frame = recorded.framesOf("checked").find(({ records }) => records[0]?.kind === "consumed");
      return `checked:${(frame?.firstSeq ?? 0) + 1 + index}`;
    };
    expect(direct).toEqual([
      [{ error: "validation", message: "too small", input: 1 }, placeOf(0)],
      [{ error: "permanent", message: "too much", input: 2 }, placeOf(1)],
      [{ error: "permanent", message: "too much", input: 3 }, placeOf(2)],
    ]);
    expect(errors).toEqual([
      [1, "too small"],
      [2, "too much"],
      [3, "too much"],
    ]);
    expect(later).toEqual([{ error: "validation", message: "too small", input: undefined }]);
  });

  it("sees the transitions of the stage that it observes, as they are on record", async () => {
    const moves: string[] = [];
    const described = watched((doubled) =>
      doubled.observe("lifecycle", {
        lifecycle: ({ stage, event, from, to }) => moves.push(`${stage} ${event.kind}: ${from} -> ${to}`),
      }),
    );
    const run = await FlowRun.open(described, { store: memoryStore() });
    await run.run();
    const recorded = await run.recorded();
    expect(moves).toEqual(
      recorded
        .recordsOf("doubled", "transition")
        .map(({ event, from, to }) => `doubled ${event.kind}: ${from} -> ${to}`),
    );
    expect(moves).toHaveLength(4);
  });

  for (const freeze of [false, true]) {
    it(`changes nothing that others see, whatever it does to what it is shown${freeze ? ", where items are frozen" : ""}`, async () => {
      interface Item {
        readonly tags: string[];
        readonly on: Date;
        readonly counts: Map<string, { n: number }>;
      }
      const items = (): Item[] =>
        [1, 2, 3].map((n) => ({ tags: [`t${n}`], on: new Date(n), counts: new Map([["n", { n }]]) }));
      const spoil = ({ tags, on, counts }: Item): void => {
        on.setTime(0);
        for (const count of counts.values()) if (!Object.isFrozen(count)) count.n = -1;
        counts.clear();
        if (!Object.isFrozen(tags)) tags.push("spoilt");
      };
      const delivered: unknown[] = [];
      const rejected: unknown[] = [];
      const described = flow("spoilt", (f) => {
        const source = f.source("items", items());
        source.observe("spoils", spoil);
        const checked = source.tryMap("checked", (item) => (item.tags[0] === "t2" ? reject("domain", "no") : ok(item)));
        checked.observe("spoils-rejected", { item: spoil, rejected: ({ input }) => spoil(input as Item) });
        checked.errors.observe("spoils-errors", ({ input }) => spoil(input));
        checked.errors.sink("refused", ({ input }) => void rejected.push(structuredClone(input)));
        checked.sink("out", (item) => void delivered.push(structuredClone(item)));
      });
      const store = memoryStore();
      const configuration = { flow: { "development.freeze": freeze } };
      const run = await FlowRun.open(described, { store, configuration });
      expect((await run.run()).status).toBe("completed");
      const [first, second, third] = items();
      expect(delivered).toEqual([first, third]);
      expect(rejected).toEqual([second]);
      const recorded = await run.recorded();
      expect(recorded.payloads("items")).toEqual([first, second, third]);
      expect(recorded.payloads("checked")).toEqual([first, third]);
      for (const stage of ["spoils", "spoils-rejected", "spoils-errors"]) {
        expect(recorded.moves(stage)).not.toContain("quarantined");
      }
      expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
    });
  }

  it("is shown frozen items, if items are frozen", async () => {
    const frozen: boolean[] = [];
    const described = flow("frozen", (f) => {
      f.source("items", [{ within: { n: 1 } }])
        .observe("seen", (item) => frozen.push(Object.isFrozen(item) && Object.isFrozen(item.within)))
        .sink("out", () => undefined);
    });
    const configuration = { flow: { "development.freeze": true } };
    const run = await FlowRun.open(described, { store: memoryStore(), configuration });
    await run.run();
    expect(frozen).toEqual([true]);
  });

  it("sees what comes round a cycle, and is no part of it", async () => {
    const seen: number[] = [];
    const described = flow("cycle", (f) => {
      const back = f.feedback<number>();
      const halved = f.merge(f.source("numbers", [8]), back).map("halved", (n) => n / 2);
      back.connect(halved.filter("again", (n) => n > 1));
      back.observe("round", (n) => seen.push(n));
      halved.sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    expect(seen).toEqual([4, 2]);
  });

  it("holds the flow up no more than another reader, with a window of one record", async () => {
    const seen: number[] = [];
    const window: Partial<ConfigurationValues> = { "flowControl.windowRecords": 1 };
    const run = await FlowRun.open(
      watched((doubled) => doubled.observe("seen", (n) => seen.push(n))),
      { store: memoryStore(), configuration: { edges: { "doubled -> seen": window } } },
    );
    expect((await run.run()).status).toBe("completed");
    expect(seen).toHaveLength(600);
    expect(run.handle.metrics().edges.find(({ to }) => to === "seen")?.lag).toBe(0);
  });

  it("is cancelled with its run", async () => {
    const gate = new EdgeGate({ from: "doubled", to: "out" });
    const run = await FlowRun.open(
      watched((doubled) => doubled.observe("seen", () => undefined)),
      { store: memoryStore(), gates: [gate] },
    );
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop("enough");
    expect(await ended).toMatchObject({ status: "cancelled", reason: "enough" });
    expect((await run.recorded()).moves("seen").at(-1)).toBe("cancelled");
  });

  it("does not make a run abort for what is set for the edge that leads to it", async () => {
    const described = flow("declared", (f) => {
      f.source("numbers", [1, 2], { expected: 3 })
        .observe("seen", () => undefined)
        .sink("out", () => undefined);
    });
    const configuration = { edges: { "numbers -> out": { "contracts.source": "warn" } } } as const;
    const run = await FlowRun.open(described, { store: memoryStore(), configuration });
    expect((await run.run()).status).toBe("completed");
  });
});

describe("an observer that throws", () => {
  for (const at of [0, 300, 599]) {
    it(`at item ${at} is quarantined alone, with the fault on record, and nothing else of the run changes`, async () => {
      const delivered: number[] = [];
      const logged: Logged[] = [];
      const seen: number[] = [];
      const other: number[] = [];
      const described = watched((doubled) => {
        doubled.observe("broken", (n) => {
          if (n === 2 * at) throw new TypeError(`no ${n}`);
          seen.push(n);
        });
        doubled.observe("sound", (n) => other.push(n));
      }, delivered);
      const store = memoryStore();
      const run = await FlowRun.open(described, { store, logger: logging(logged) });
      const report = await run.run();
      expect(report).toMatchObject({ status: "completed", fault: undefined });
      const recorded = await run.recorded();
      checkRecord(recorded, run.definition);
      expect(recorded.moves("broken")).toEqual(["initialized", "running", "quarantined", "draining", "drained"]);
      const quarantine = recorded.recordsOf("broken", "transition").find(({ to }) => to === "quarantined");
      expect(quarantine?.event).toMatchObject({
        kind: "quarantine",
        fault: { code: "handler-threw", stage: "broken", message: `TypeError: no ${2 * at}` },
      });
      expect(quarantine?.event).toHaveProperty("fault.input", expect.stringMatching(/^doubled:[0-9]+$/));
      const doubled = NUMBERS.map((n) => 2 * n);
      expect(seen).toEqual(doubled.slice(0, at));
      expect(other).toEqual(doubled);
      expect(delivered).toEqual(doubled);
      const figures = run.handle.metrics();
      expect(figures.stages.find(({ stage }) => stage === "broken")?.errors.unknown).toBe(1);
      expect(figures.stages.find(({ stage }) => stage === "sound")?.errors.unknown).toBe(0);
      expect(figures.edges.find(({ to }) => to === "broken")?.lag).toBe(0);
      expect(logged).toEqual([{ level: "error", message: `observer broken is quarantined: TypeError: no ${2 * at}` }]);
      expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
    });
  }

  it("at a rejected input, or at a transition, is quarantined as well", async () => {
    const described = flow("rejecting", (f) => {
      const checked = f.source("numbers", [1, 2, 3]).tryMap("checked", () => reject("domain", "no"));
      checked.observe("rejections", {
        rejected: () => {
          throw new Error("told of a rejection");
        },
      });
      checked.observe("lifecycle", {
        lifecycle: ({ to }) => {
          if (to === "drained") throw new Error("told of an end");
        },
      });
      checked.sink("out", () => undefined);
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    const recorded = await run.recorded();
    for (const observer of ["rejections", "lifecycle"]) {
      expect(recorded.moves(observer).slice(-3)).toEqual(["quarantined", "draining", "drained"]);
    }
  });

  it("is quarantined for a promise, which nobody would await, and what that comes to harms nobody", async () => {
    const described = watched((doubled) =>
      doubled.observe(
        "async",
        untyped(async () => {
          await Promise.resolve();
          throw new Error("nobody hears this");
        }),
      ),
    );
    const run = await FlowRun.open(described, { store: memoryStore() });
    expect((await run.run()).status).toBe("completed");
    const quarantine = (await run.recorded())
      .recordsOf("async", "transition")
      .find(({ event }) => event.kind === "quarantine");
    expect(quarantine?.event).toMatchObject({
      fault: { message: expect.stringContaining("an observer must not await") as string },
    });
  });
});

describe("a replay", () => {
  it("calls no observer, and holds its lifecycle to its machine", async () => {
    let calls = 0;
    const described = watched((doubled) =>
      doubled.observe("audit", {
        item: () => void calls++,
        rejected: () => void calls++,
        lifecycle: () => void calls++,
      }),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    await run.run();
    expect(calls).toBe(604);
    const { report } = await replayFlow(described, { store });
    expect(report).toMatchObject({ verdict: "matched", first: undefined });
    expect(report.stages.find(({ stage }) => stage === "audit")).toMatchObject({ kind: "observer", diverged: 0 });
    expect(calls).toBe(604);
  });
});

describe("a run that is resumed", () => {
  it("goes on with its observers wherever it was killed: each sees what comes from then on, and is waited for by nobody", async () => {
    let seen: number[] = [];
    const described = watched((doubled) => {
      doubled.observe("sees", (n) => seen.push(n));
      doubled.observe("broken", () => {
        throw new Error("always");
      });
    });
    const { recorded } = await runFlow(described, { store: memoryStore() });
    const all = NUMBERS.map((n) => 2 * n);
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      seen = [];
      const store = await killedAfter(recorded, frames);
      const run = await FlowRun.resume(described, { store });
      expect((await run.run()).status, `killed after ${frames} frames`).toBe("completed");
      const again = await run.recorded();
      expect(again.payloads("doubled")).toEqual(all);
      const before = recorded.frames
        .slice(0, frames)
        .flatMap(({ lane, records }) => (lane === 2 ? records.filter(({ kind }) => kind === "data") : []));
      expect(seen).toEqual(all.slice(before.length));
      for (const observer of ["sees", "broken"]) expect(again.moves(observer).at(-1)).toBe("drained");
      expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
    }
  });

  it("shows an observer what a stage gave after the run was told to stop, and drains it again", async () => {
    const seen: number[] = [];
    const described = watched((doubled) => doubled.observe("sees", (n) => seen.push(n)));
    const store = memoryStore();
    const gate = new EdgeGate({ from: "doubled", to: "out", credit: 100 });
    const stopped = await FlowRun.open(described, { store, gates: [gate] });
    const ended = stopped.run();
    await stopped.clock.idle();
    stopped.handle.stopGraceful({ timeoutMs: 60_000 });
    gate.open();
    expect((await ended).status).toBe("cancelled");
    expect((await stopped.recorded()).moves("sees").at(-1)).toBe("drained");
    const run = await FlowRun.resume(described, { store });
    expect((await run.run()).status).toBe("completed");
    expect(seen).toEqual(NUMBERS.map((n) => 2 * n));
  });
});
