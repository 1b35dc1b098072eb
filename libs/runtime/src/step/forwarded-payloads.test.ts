import { describe, expect, it } from "vitest";

import { eventType, type DataRecord, type LogRecord } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, readRun, replayFlow, runFlow, testRunId, type RecordedRun } from "@refold/testkit";
import { ok } from "neverthrow";

import { killedAfter } from "../../test/killed-run.ts";
import { rewrite } from "../../test/rewrite.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";
import { replayRun } from "../replay/replay-run.ts";

interface Order {
  readonly id: number;
  readonly note: string;
}

const FROZEN = { flow: { "development.freeze": true } } as const;

const ordersOf = (count: number): readonly Order[] =>
  Array.from({ length: count }, (_, id) => ({ id, note: `order ${id} `.padEnd(200, "x") }));

/** Two filters behind one another, one more beside them, and a sink for both: fan-out, a chain, fan-in. */
const filtered = (orders: readonly Order[], delivered: Order[] = []): Flow =>
  flow("filtered", (f) => {
    const all = f.source("orders", orders);
    const even = all.filter("even", ({ id }) => id % 2 === 0).filter("fourth", ({ id }) => id % 4 === 0);
    const odd = all.filter("odd", ({ id }) => id % 2 === 1);
    f.merge(even, odd)
      .filter("late", ({ id }) => id > 2)
      .sink("out", (order) => void delivered.push(order));
    odd.map("ids", ({ id }) => ({ id })).sink("ids-out", () => undefined);
  });

const isPassedOn = (record: LogRecord): boolean => record.kind === "data" && record.payloadOf !== undefined;

/** How many data records of a stage hold their payload, and how many pass one on. */
function storedBy(recorded: RecordedRun, stage: string): { readonly own: number; readonly passedOn: number } {
  const records = recorded.recordsOf(stage, "data");
  const passedOn = records.filter(isPassedOn).length;
  return { own: records.length - passedOn, passedOn };
}

/** What the frames of a stage that hold data weigh, for each of its data records. */
function bytesARecord(recorded: RecordedRun, stage: string): number {
  const frames = recorded.framesOf(stage).filter(({ records }) => records.some(({ kind }) => kind === "data"));
  const bytes = frames.reduce((sum, { body }) => sum + body.length, 0);
  return bytes / recorded.payloads(stage).length;
}

/** That each payload that is passed on is the one of the record it names, which holds it. */
function checkPassedOn(recorded: RecordedRun): void {
  for (const name of recorded.manifest.lanes) {
    for (const { payload, payloadOf } of recorded.recordsOf(name, "data")) {
      if (payloadOf === undefined) continue;
      const holder = recorded.records(recorded.manifest.lanes[payloadOf.lane] as string)[payloadOf.seq] as DataRecord;
      expect(holder.payloadOf).toBeUndefined();
      expect(payload).toEqual(holder.payload);
    }
  }
}

describe("what a filter lets pass", () => {
  it("is stored once, however many filters it passes, and read as if it were stored by each", async () => {
    const orders = ordersOf(1_000);
    const delivered: Order[] = [];
    const { recorded } = await runFlow(filtered(orders, delivered), { store: memoryStore() });
    const expected = (of: (id: number) => boolean): readonly Order[] => orders.filter(({ id }) => of(id));
    expect(recorded.payloads("even")).toEqual(expected((id) => id % 2 === 0));
    expect(recorded.payloads("fourth")).toEqual(expected((id) => id % 4 === 0));
    expect(recorded.payloads("late")).toEqual(delivered);
    expect(delivered.toSorted((a, b) => a.id - b.id)).toEqual(
      expected((id) => id > 2 && (id % 2 === 1 || id % 4 === 0)),
    );
    for (const stage of ["even", "fourth", "odd", "late"]) {
      expect(storedBy(recorded, stage)).toEqual({ own: 0, passedOn: recorded.payloads(stage).length });
      expect(bytesARecord(recorded, stage)).toBeLessThan(20);
      for (const record of recorded.recordsOf(stage, "data")) expect(record.payloadOf?.lane).toBe(1);
    }
    for (const stage of ["orders", "ids"]) expect(storedBy(recorded, stage).passedOn).toBe(0);
    checkPassedOn(recorded);
  });

  it("is stored whole where it is no object", async () => {
    const values = [1, "text", null, undefined, 7n, true];
    const described = flow("values", (f) =>
      f
        .source("values", values)
        .filter("kept", () => true)
        .sink("out", () => undefined),
    );
    const { recorded } = await runFlow(described, { store: memoryStore() });
    expect(recorded.payloads("kept")).toEqual(values);
    expect(storedBy(recorded, "kept")).toEqual({ own: values.length, passedOn: 0 });
  });

  it("is stored whole once it has come round a cycle", async () => {
    const described = flow("rounds", (f) => {
      const back = f.feedback<{ readonly left: number }>();
      const all = f.merge(f.source("jobs", [{ left: 2 }]), back).filter("all", () => true);
      back.connect(all.filter("more", ({ left }) => left > 0).map("less", ({ left }) => ({ left: left - 1 })));
      all.filter("done", ({ left }) => left === 0).sink("out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store });
    expect(recorded.recordsOf("all", "data").map((record) => [record.hops ?? 0, isPassedOn(record)])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
    expect(recorded.payloads("done")).toEqual([{ left: 0 }]);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });

  it("is stored whole where it is a rejected input: no data record holds that", async () => {
    const described = flow("rejected", (f) => {
      const tried = f
        .source("numbers", [{ n: 1 }, { n: 2 }])
        .tryMap("tried", (item) => (item.n > 1 ? reject("permanent", "no") : ok(item)));
      tried.sink("out", () => undefined);
      tried.errors.filter("kept", () => true).sink("errors-out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store });
    expect(recorded.payloads("kept")).toEqual([{ error: "permanent", message: "no", input: { n: 2 } }]);
    expect(storedBy(recorded, "kept")).toEqual({ own: 1, passedOn: 0 });
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });

  it("weighs on the way to its reader what its payload weighs", async () => {
    const orders = Array.from({ length: 64 }, (_, id) => ({ id, note: "x".repeat(100_000) }));
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const run = await FlowRun.open(
      flow("heavy", (f) =>
        f
          .source("orders", orders)
          .filter("kept", () => true)
          .sink("out", () => opened),
      ),
      {
        store: memoryStore(),
        configuration: { flow: { "flowControl.windowBytes": 1_000_000, "stage.stepInputs": 4 } },
      },
    );
    const ended = run.run();
    await run.clock.idle();
    const [, last] = run.handle.metrics().edges;
    expect(last).toMatchObject({ from: "kept", to: "out" });
    const held = (last?.windowRecords ?? 0) - (last?.creditRecords ?? 0);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(16);
    open();
    expect((await ended).status).toBe("completed");
  });
});

describe("what a handler gives back", () => {
  interface Count {
    n: number;
  }
  const counting = (handler: (count: Count) => Count): Flow =>
    flow("counting", (f) =>
      f
        .source("counts", [{ n: 1 }, { n: 2 }])
        .map("same", handler)
        .sink("out", () => undefined),
    );
  const changing = (count: Count): Count => {
    count.n += 10;
    return count;
  };

  it("is stored anew, since it may have been changed", async () => {
    const { recorded } = await runFlow(counting(changing), { store: memoryStore() });
    expect(recorded.payloads("counts")).toEqual([{ n: 1 }, { n: 2 }]);
    expect(recorded.payloads("same")).toEqual([{ n: 11 }, { n: 12 }]);
    expect(storedBy(recorded, "same").passedOn).toBe(0);
  });

  it("is stored once where payloads are frozen, by any transform, and verified so", async () => {
    const kind = eventType<Count>("counted");
    const described = flow("frozen", (f) => {
      const counts = f.source("counts", [{ n: 1 }, { n: 2 }]);
      counts.map("mapped", (count) => count).sink("mapped-out", () => undefined);
      counts.flatMap("flat", (count) => [count, { n: 0 }]).sink("flat-out", () => undefined);
      counts
        .transform("transformed", (count: Count, emit: (count: Count) => void) => emit(count))
        .sink("transformed-out", () => undefined);
      const { both } = counts.route("routed", { both: kind }, (count, to) => {
        to.both(count);
        to.both(count);
      });
      both.sink("routed-out", () => undefined);
    });
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store, configuration: FROZEN });
    for (const [stage, own, passedOn] of [
      ["mapped", 0, 2],
      ["flat", 2, 2],
      ["transformed", 0, 2],
      ["routed", 0, 4],
    ] as const) {
      expect(storedBy(recorded, stage), stage).toEqual({ own, passedOn });
    }
    checkPassedOn(recorded);
    const first = await replayFlow(described, { store });
    expect(first.report).toMatchObject({ verdict: "matched", uncertified: [] });
    expect(first.recorded.frames.map(({ body }) => body).slice(1, -1)).toEqual(
      recorded.frames.map(({ body }) => body).slice(1, -1),
    );
  });

  it("is stored anew where it holds what can be changed even when it is frozen", async () => {
    const items = [{ at: new Date(0) }, { of: new Map([["a", 1]]) }, { of: [new Set([1])] }, { of: new Uint8Array(2) }];
    const described = flow("mutable", (f) =>
      f
        .source("items", items)
        .map("same", (item) => item)
        .sink("out", () => undefined),
    );
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store, configuration: FROZEN });
    expect(recorded.payloads("same")).toEqual(items);
    expect(storedBy(recorded, "same").passedOn).toBe(0);
    expect((await replayFlow(described, { store })).report.verdict).toBe("matched");
  });

  it("is told of as it fails, in a replay as well, where a handler changes what is frozen, however deep", async () => {
    const store = memoryStore();
    const items = [Object.freeze({ inner: { n: 1 } })];
    const described = (handler: (item: { readonly inner: Count }) => unknown): Flow =>
      flow("deep", (f) =>
        f
          .source("items", items)
          .map("same", handler)
          .sink("out", () => undefined),
      );
    const { recorded } = await runFlow(
      described((item) => item),
      { store, configuration: FROZEN },
    );
    expect(storedBy(recorded, "same")).toEqual({ own: 0, passedOn: 1 });
    const changed = await replayFlow(
      described((item) => {
        item.inner.n++;
        return item;
      }),
      { store },
    );
    expect(changed.report.first).toMatchObject({ stage: "same", kind: "handler-threw" });
  });
});

describe("a replay of what was passed on", () => {
  const orders = ordersOf(40);

  it("matches, writes the same bytes, and so does the replay of the replay", async () => {
    const store = memoryStore();
    const { recorded } = await runFlow(filtered(orders), { store });
    const bodies = (run: RecordedRun): unknown => run.frames.slice(1, -1).map(({ body }) => body);
    for (const number of [1, 2]) {
      const { report, recorded: again } = await replayFlow(filtered(orders), { store, number });
      expect(report).toMatchObject({ verdict: "matched", uncertified: [] });
      expect(bodies(again)).toEqual(bodies(recorded));
      checkPassedOn(again);
    }
  });

  it("matches where nothing is kept, and every payload is read from the log again", async () => {
    const store = memoryStore();
    const { manifest } = (await runFlow(filtered(orders), { store })).recorded;
    const run = await FlowRun.open(filtered(orders), { store: memoryStore() });
    const report = await replayRun({
      recorded: (await store.open(manifest.runId))._unsafeUnwrap(),
      definition: run.definition,
      host: { clock: run.clock, runtime: "test", refold: "0.0.0" },
      keepBytes: 0,
    });
    expect(report._unsafeUnwrap()).toMatchObject({ verdict: "matched", uncertified: [] });
  });

  it("tells of a filter that lets others pass now, with the payloads", async () => {
    const store = memoryStore();
    const keeping = (kept: (order: Order) => boolean): Flow =>
      flow("keeping", (f) =>
        f
          .source("orders", orders)
          .filter("kept", kept)
          .sink("out", () => undefined),
      );
    await runFlow(
      keeping(({ id }) => id < 3),
      { store },
    );
    const fewer = await replayFlow(
      keeping(({ id }) => id < 2),
      { store, into: 2 },
    );
    expect(fewer.report.first).toMatchObject({
      stage: "kept",
      kind: "missing",
      recorded: orders[2],
      causes: ["orders:5"],
    });
    const more = await replayFlow(
      keeping(({ id }) => id < 4),
      { store, into: 3 },
    );
    expect(more.report.first).toMatchObject({ stage: "kept", kind: "extra", recomputed: orders[3] });
  });

  it("writes payloads whole that its own log does not hold at the place named", async () => {
    const store = memoryStore();
    const priced = (price: (order: Order) => unknown): Flow =>
      flow("priced", (f) => {
        const all = f
          .source("orders", orders)
          .flatMap("priced", (order) => (price(order) === undefined ? [] : [{ id: order.id, price: price(order) }]));
        all.filter("kept", ({ id }) => id > 3).sink("out", () => undefined);
      });
    const { recorded } = await runFlow(
      priced(({ id }) => id),
      { store },
    );
    const changed = await replayFlow(
      priced(({ id }) => (id === 1 ? undefined : id + 1)),
      { store },
    );
    expect(changed.report.verdict).toBe("diverged");
    // The filter takes what is on record, and lets that pass.
    expect(changed.recorded.payloads("kept")).toEqual(recorded.payloads("kept"));
    expect(storedBy(changed.recorded, "kept").passedOn).toBe(0);
  });

  it("has payloads of its own where a type is brought to a later version, and is told of what was passed on before", async () => {
    const older = eventType<{ readonly total: number }>("order");
    const newer = eventType<{ readonly cents: number }>("order", {
      version: 2,
      upcast: { 1: (order) => ({ cents: (order as { readonly total: number }).total * 100 }) },
    });
    const store = memoryStore();
    const { recorded } = await runFlow(
      flow("orders", (f) =>
        f
          .source("orders", [{ total: 1 }], { type: older })
          .filter("kept", () => true)
          .sink("out", () => undefined),
      ),
      { store },
    );
    expect(storedBy(recorded, "kept")).toEqual({ own: 0, passedOn: 1 });
    const today = flow("orders", (f) =>
      f
        .source("orders", [] as { readonly cents: number }[], { type: newer })
        .filter("kept", () => true)
        .sink("out", () => undefined),
    );
    const { report, recorded: again } = await replayFlow(today, { store });
    // The filter has an event type of its own, which nobody brought to another version.
    expect(report.first).toMatchObject({ stage: "kept", recorded: { total: 1 }, recomputed: { cents: 100 } });
    expect(again.payloads("orders")).toEqual([{ cents: 100 }]);
    expect(again.payloads("kept")).toEqual([{ cents: 100 }]);
    expect(storedBy(again, "kept")).toEqual({ own: 1, passedOn: 0 });
  });

  it("is refused where a payload is not there, with the place", async () => {
    const store = memoryStore();
    const { recorded } = await runFlow(filtered(orders), { store });
    await rewrite(store, recorded, 7, ({ records }) =>
      records.map((record) =>
        record.kind === "data" && record.payloadOf !== undefined
          ? { ...record, payloadOf: { lane: record.payloadOf.lane, seq: 0 as typeof record.originSeq } }
          : record,
      ),
    );
    const reader = (await store.open(testRunId(7)))._unsafeUnwrap();
    await expect(readRun(reader)).rejects.toThrow("the run cannot be read");
    const run = await FlowRun.open(filtered(orders), { store: memoryStore() });
    const host = { clock: run.clock, runtime: "test", refold: "0.0.0" };
    const report = await replayRun({ recorded: reader, definition: run.definition, host });
    expect(report._unsafeUnwrapErr()).toMatchObject({
      kind: "malformed-record",
      detail: "it passes on the payload of orders:0, which the log does not hold",
    });
  });
});

it("a run that was killed goes on with the payloads that were on their way, wherever it was killed", async () => {
  const orders = ordersOf(24);
  const configuration = { flow: { "stage.stepInputs": 3, "sink.batchInputs": 3 } };
  const { recorded } = await runFlow(filtered(orders), { store: memoryStore(), configuration });
  const ids = (run: RecordedRun): unknown =>
    (run.payloads("late") as readonly Order[]).map(({ id }) => id).toSorted((a, b) => a - b);
  for (let frames = 1; frames < recorded.frames.length; frames++) {
    const store = await killedAfter(recorded, frames);
    const delivered: Order[] = [];
    const run = await FlowRun.resume(filtered(orders, delivered), { store });
    expect((await run.run()).status, `killed after ${frames} frames`).toBe("completed");
    const again = await run.recorded();
    expect(ids(again)).toEqual(ids(recorded));
    for (const order of delivered) expect(order).toEqual(orders[order.id]);
    checkPassedOn(again);
    expect((await replayFlow(filtered(orders), { store })).report).toMatchObject({ verdict: "matched" });
  }
});
