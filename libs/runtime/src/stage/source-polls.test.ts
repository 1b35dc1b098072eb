import { describe, expect, it } from "vitest";

import type { AbortSignalLike, SourceBatch, SourceConnector, SourceExtent, SourceReader } from "@refold/core";
import { memoryStore, type MemoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, type RecordedRun } from "@refold/testkit";

import { checkRecord } from "../../test/check-record.ts";
import { flow, type Flow } from "../authoring/flow.ts";
import { poll } from "../authoring/poll.ts";
import type { SourceInput } from "../authoring/source-input.ts";
import { onEnd } from "../authoring/schedule.ts";
import type { SourceOptions } from "../authoring/stage-options.ts";
import { CANCEL_GRACE_MS } from "./outside-calls.ts";

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

const reading = (input: SourceInput<number>, options?: SourceOptions<number>): Flow =>
  flow("reading", (f) => f.source("numbers", input, options).sink("out", () => undefined));

/** A source whose reads a test settles, and what happens to it. */
class Controlled implements SourceConnector<number> {
  readonly extent: SourceExtent;
  readonly calls: string[] = [];
  signal: AbortSignalLike | undefined;
  settle: (batch: SourceBatch<number>) => void = () => undefined;
  fail: (cause: unknown) => void = () => undefined;

  constructor(extent: SourceExtent = "finite") {
    this.extent = extent;
  }

  describe(): string {
    return "controlled by a test";
  }

  open({ signal }: { readonly signal: AbortSignalLike }): SourceReader<number> {
    this.signal = signal;
    this.calls.push("open");
    return {
      read: () => {
        this.calls.push("read");
        return new Promise((resolve, reject) => {
          this.settle = resolve;
          this.fail = reject;
        });
      },
      close: async () => void this.calls.push("close"),
    };
  }
}

interface Begun {
  readonly run: FlowRun;
  readonly store: MemoryStore;
  readonly ended: ReturnType<FlowRun["run"]>;
}

async function begin(described: Flow): Promise<Begun> {
  const store = memoryStore();
  const run = await FlowRun.open(described, { store });
  const ended = run.run();
  await run.clock.idle();
  return { run, store, ended };
}

/** Holds what every ended run promises. */
async function ended({ run, store }: Begun, described: Flow): Promise<RecordedRun> {
  await run.clock.idle();
  const recorded = await run.recorded();
  checkRecord(recorded, run.definition);
  expect(run.clock.timers).toBe(0);
  expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  return recorded;
}

/** What is on record of a source between its transitions. */
const shown = (recorded: RecordedRun): readonly unknown[] =>
  recorded.records("numbers").flatMap((record): readonly unknown[] => {
    if (record.kind === "data") return [record.payload];
    if (record.kind === "cursor") return [{ cursor: record.cursor }];
    return record.kind === "policy" || record.kind === "end" ? [record] : [];
  });

const endOf = (end: string, count: number): unknown => ({ kind: "end", end, counts: [{ type: 0, count }] });

describe("the cursor of a source", () => {
  it("is on record right behind the items that it follows, in their frame", async () => {
    const batches: SourceBatch<number>[] = [
      { items: [1, 2], cursor: { page: 1 } },
      { items: [3] },
      { items: [4], cursor: { page: 2 }, done: true },
    ];
    const described = reading({
      extent: "finite",
      describe: () => "pages",
      open: () => {
        const left = [...batches];
        return { read: () => left.shift() ?? { items: [], done: true } };
      },
    });
    const begun = await begin(described);
    expect(await begun.ended).toMatchObject({ status: "completed" });
    const recorded = await ended(begun, described);
    expect(shown(recorded)).toEqual([
      1,
      2,
      { cursor: { page: 1 } },
      3,
      4,
      { cursor: { page: 2 } },
      endOf("natural", 4),
    ]);
    const frames = recorded.framesOf("numbers").map(({ records }) => records.map(({ kind }) => kind).join(" "));
    expect(frames.filter((kinds) => kinds.includes("data"))).toEqual(["data data cursor", "data", "data cursor"]);
  });

  it("stands behind a batch that takes several steps, not within it, and alone where there were no items", async () => {
    let reads = 0;
    const described = reading(
      poll(async () => {
        reads++;
        if (reads === 1) return { items: Array.from({ length: 600 }, (_, n) => n), cursor: 600 };
        return { items: [], cursor: "nothing new", done: true };
      }),
    );
    const begun = await begin(described);
    expect(await begun.ended).toMatchObject({ status: "completed" });
    const seen = shown(await ended(begun, described));
    expect(seen.indexOf(seen.find((one) => typeof one === "object"))).toBe(600);
    expect(seen.slice(600)).toEqual([{ cursor: 600 }, { cursor: "nothing new" }, endOf("natural", 600)]);
  });

  it("that cannot be stored fails the stage and is named, with the items before it on record", async () => {
    const described = reading(poll(() => ({ items: [1, 2], cursor: { at: Symbol() }, done: true })));
    const begun = await begin(described);
    const { fault } = await begun.ended;
    expect(fault).toMatchObject({ code: "payload-refused", stage: "numbers" });
    expect(fault?.message).toMatch(/the cursor of the source behind 2 items cannot be stored: .* at \$\.cursor\.at/);
    expect((await ended(begun, described)).payloads("numbers")).toEqual([1, 2]);
  });

  it("of one poll is handed to the next", async () => {
    const seen: unknown[] = [];
    const described = reading(
      poll(({ cursor }) => {
        seen.push(cursor);
        return {
          items: [seen.length],
          ...(seen.length === 2 ? {} : { cursor: seen.length }),
          againMs: 0,
          done: seen.length === 4,
        };
      }),
    );
    const begun = await begin(described);
    await begun.ended;
    expect(seen).toEqual([undefined, 1, 1, 3]);
  });
});

describe("a poll", () => {
  it("that found nothing is made again after a while, and at once when there was as much as was asked for", async () => {
    const at: number[] = [];
    const sizes = [2, 256, 0, 1, 0];
    const described = reading(
      poll(
        async ({ limit }) => {
          at.push(run.clock.now());
          expect(limit).toBeGreaterThan(0);
          const size = Math.min(limit, sizes[at.length - 1] ?? 0);
          return { items: Array.from({ length: size }, (_, n) => n), done: at.length === sizes.length };
        },
        { everyMs: 5_000 },
      ),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const begun: Begun = { run, store, ended: run.run() };
    const startMs = run.clock.now();
    for (let second = 0; second < 30; second++) {
      await run.clock.idle();
      run.clock.advance(1_000);
    }
    expect(await begun.ended).toMatchObject({ status: "completed" });
    expect(at.map((ms) => (ms - startMs) / 1_000)).toEqual([0, 5, 5, 10, 15]);
    await ended(begun, described);
  });

  it("may say itself when the next is due, and without a word it is due after a second if there was nothing", async () => {
    const at: number[] = [];
    const described = reading({
      extent: "finite",
      describe: () => "hurried",
      open: () => ({
        read: () => {
          at.push(run.clock.now());
          if (at.length === 1) return { items: [1], againMs: 300 };
          return at.length === 2 ? { items: [] } : { items: [2], done: true };
        },
      }),
    });
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const begun: Begun = { run, store, ended: run.run() };
    const startMs = run.clock.now();
    for (let tenth = 0; tenth < 15; tenth++) {
      await run.clock.idle();
      run.clock.advance(100);
    }
    await begun.ended;
    expect(at.map((ms) => ms - startMs)).toEqual([0, 300, 1_300]);
    await ended(begun, described);
  });

  for (const how of ["throws", "rejects"] as const) {
    it(`that ${how} is on record and made again, later and later, and a success begins the count anew`, async () => {
      const at: number[] = [];
      const described = reading(
        poll(() => {
          at.push(run.clock.now());
          if (at.length === 4) return { items: [4], cursor: 4, againMs: 0 };
          if (at.length === 6) return { items: [6], done: true };
          const cause = new Error(`no ${at.length}`);
          if (how === "rejects") return Promise.reject(cause);
          throw cause;
        }),
        { retry: { firstMs: 100, maxMs: 250 } },
      );
      const store = memoryStore();
      const run = await FlowRun.open(described, { store });
      const begun: Begun = { run, store, ended: run.run() };
      const startMs = run.clock.now();
      for (let step = 0; step < 100; step++) {
        await run.clock.idle();
        run.clock.advance(10);
      }
      expect(await begun.ended).toMatchObject({ status: "completed" });
      expect(at.map((ms) => ms - startMs)).toEqual([0, 100, 300, 550, 550, 650]);
      const failed = (attempt: number, delayMs: number, error: string): unknown => ({
        ...{ kind: "policy", policy: "source-retry", decision: "scheduled" },
        detail: { attempt, delayMs, error: `Error: ${error}` },
      });
      const recorded = await ended(begun, described);
      expect(shown(recorded)).toEqual([
        ...[failed(1, 100, "no 1"), failed(2, 200, "no 2"), failed(3, 250, "no 3")],
        ...[4, { cursor: 4 }, failed(1, 100, "no 5"), 6, endOf("natural", 2)],
      ]);
      for (const { records } of recorded.framesOf("numbers")) {
        if (records.some(({ kind }) => kind === "policy")) expect(records).toHaveLength(1);
      }
    });
  }

  it("that fails ten times in a row fails the stage with the last error, after 1, 2, 4 … 60 s", async () => {
    const at: number[] = [];
    const described = reading(
      poll(async () => {
        at.push(run.clock.now());
        throw new RangeError(`no ${at.length}`);
      }),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const begun: Begun = { run, store, ended: run.run() };
    for (let second = 0; second < 300; second++) {
      await run.clock.idle();
      run.clock.advance(1_000);
    }
    const { status, fault } = await begun.ended;
    expect({ status, fault }).toMatchObject({
      status: "failed",
      fault: { code: "source-threw", stage: "numbers", message: "RangeError: no 10" },
    });
    const waits = at.slice(1).map((ms, index) => (ms - (at[index] as number)) / 1_000);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    const policies = (await ended(begun, described)).recordsOf("numbers", "policy");
    expect(policies).toHaveLength(10);
    expect(policies.at(-1)).toEqual({
      ...{ kind: "policy", policy: "source-retry", decision: "exhausted" },
      detail: { attempt: 10, error: "RangeError: no 10" },
    });
  });

  it("that its reader calls final fails the stage at once", async () => {
    const described = reading({
      extent: "finite",
      describe: () => "locked",
      open: () => ({
        read: () => Promise.reject(new Error("no access")),
        isFinal: (cause) => cause instanceof Error && cause.message === "no access",
      }),
    });
    const begun = await begin(described);
    expect((await begun.ended).fault).toMatchObject({ code: "source-threw", message: "Error: no access" });
    expect((await ended(begun, described)).recordsOf("numbers", "policy")).toEqual([]);
  });

  it("that is waited for holds up no command", async () => {
    for (const stop of ["stop", "stopGraceful"] as const) {
      const described = reading(poll(() => Promise.reject(new Error("down"))));
      const begun = await begin(described);
      expect(begun.run.clock.timers).toBeGreaterThan(0);
      if (stop === "stop") begun.run.handle.stop("enough");
      else begun.run.handle.stopGraceful({ reason: "enough" });
      expect(await begun.ended).toMatchObject({ status: "cancelled", reason: "enough", fault: undefined });
      await ended(begun, described);
    }
  });

  it("is made no more while the intake is paused, and goes on after it", async () => {
    let reads = 0;
    const described = reading(poll(() => ({ items: [++reads], done: reads === 3 }), { everyMs: 100 }));
    const begun = await begin(described);
    const { clock, handle } = begun.run;
    handle.pause();
    await clock.idle();
    clock.advance(1_000);
    await clock.idle();
    expect(reads).toBe(1);
    handle.resume();
    for (let step = 0; step < 10; step++) {
      await clock.idle();
      clock.advance(100);
    }
    expect(await begun.ended).toMatchObject({ status: "completed" });
    expect((await ended(begun, described)).payloads("numbers")).toEqual([1, 2, 3]);
  });
});

describe("a source that is drained", () => {
  it("is told by its signal, and what the read under way still gives is on record, with its cursor", async () => {
    const source = new Controlled();
    const described = reading(source);
    const begun = await begin(described);
    source.settle({ items: [1], cursor: 1 });
    await begun.run.clock.idle();
    expect(source.signal?.aborted).toBe(false);
    begun.run.handle.stopGraceful({ reason: "enough" });
    await begun.run.clock.idle();
    expect(source.signal?.aborted).toBe(true);
    begun.run.clock.advance(CANCEL_GRACE_MS - 1);
    source.settle({ items: [2, 3], cursor: 3 });
    expect(await begun.ended).toMatchObject({ status: "cancelled", reason: "enough" });
    expect(shown(await ended(begun, described))).toEqual([
      1,
      { cursor: 1 },
      2,
      3,
      { cursor: 3 },
      endOf("truncated", 3),
    ]);
    expect(source.calls).toEqual(["open", "read", "read", "close"]);
  });

  it("may answer its signal by throwing, which is no fault", async () => {
    const source = new Controlled();
    const described = reading(source);
    const begun = await begin(described);
    source.signal?.addEventListener("abort", () => source.fail(source.signal?.reason));
    begun.run.handle.stopGraceful();
    expect(await begun.ended).toMatchObject({ status: "cancelled", fault: undefined });
    expect(shown(await ended(begun, described))).toEqual([endOf("truncated", 0)]);
    expect(source.calls).toEqual(["open", "read", "close"]);
  });

  it("gives up a read that does not come back within its grace, and closes when it comes back after all", async () => {
    const source = new Controlled();
    const described = reading(source);
    const begun = await begin(described);
    begun.run.handle.stopGraceful({ timeoutMs: 60_000 });
    await begun.run.clock.idle();
    begun.run.clock.advance(CANCEL_GRACE_MS);
    expect(await begun.ended).toMatchObject({ status: "cancelled" });
    expect(source.calls).toEqual(["open", "read"]);
    source.settle({ items: [1] });
    await begun.run.clock.idle();
    expect(source.calls).toEqual(["open", "read", "close"]);
    expect(shown(await ended(begun, described))).toEqual([endOf("truncated", 0)]);
  });

  it("has ended naturally where it is infinite, so that aggregates over it are emitted", async () => {
    for (const [input, options] of [
      [poll(() => ({ items: [1, 2, 3] }), { extent: "infinite", everyMs: 1_000 }), {}],
      [
        async function* () {
          yield* [1, 2, 3];
          await never();
        },
        { extent: "infinite" },
      ],
    ] as const) {
      const described = flow("ticks", (f) =>
        f
          .source<number>("numbers", input, options)
          .stateful("sum", { initial: () => 0, fold: (a, b) => a + b, project: (sum) => [sum], emit: onEnd() })
          .sink("out", () => undefined),
      );
      const begun = await begin(described);
      begun.run.handle.stopGraceful({ reason: "enough" });
      expect(await begun.ended).toMatchObject({ status: "cancelled", reason: "enough" });
      const recorded = await ended(begun, described);
      expect(shown(recorded)).toEqual([1, 2, 3, endOf("natural", 3)]);
      expect(recorded.payloads("sum")).toEqual([6]);
    }
  });
});

describe("a source is closed exactly once, and its signal is aborted unless it has ended,", () => {
  const closings = (source: Controlled): number => source.calls.filter((call) => call === "close").length;

  it("when it has ended", async () => {
    const source = new Controlled();
    const described = reading(source);
    const begun = await begin(described);
    source.settle({ items: [1], done: true });
    expect(await begun.ended).toMatchObject({ status: "completed" });
    await ended(begun, described);
    expect(closings(source)).toBe(1);
    expect(source.signal?.aborted).toBe(false);
  });

  it("when its run is cancelled, once the read under way has come back", async () => {
    for (const answer of ["an item", "a rejection"] as const) {
      const source = new Controlled();
      const described = reading(source);
      const begun = await begin(described);
      begun.run.handle.stop("enough");
      await begun.run.clock.idle();
      expect(source.signal?.aborted).toBe(true);
      expect(closings(source)).toBe(0);
      if (answer === "an item") source.settle({ items: [1] });
      else source.fail(new Error("aborted"));
      expect(await begun.ended).toMatchObject({ status: "cancelled", fault: undefined });
      expect((await ended(begun, described)).payloads("numbers")).toEqual([]);
      expect(closings(source)).toBe(1);
    }
  });

  it("when its run is cancelled and the read does not come back, after all when it does", async () => {
    const source = new Controlled();
    const described = reading(source);
    const begun = await begin(described);
    begun.run.handle.stop("enough");
    await begun.run.clock.idle();
    begun.run.clock.advance(CANCEL_GRACE_MS);
    expect(await begun.ended).toMatchObject({ status: "cancelled" });
    expect(closings(source)).toBe(0);
    source.settle({ items: [1] });
    await ended(begun, described);
    expect(closings(source)).toBe(1);
  });

  it("when it has failed for good", async () => {
    const source = new Controlled();
    const described = reading(source, { retry: { attempts: 1 } });
    const begun = await begin(described);
    source.fail(new Error("gone"));
    expect((await begun.ended).fault).toMatchObject({ code: "source-threw", message: "Error: gone" });
    await ended(begun, described);
    expect(closings(source)).toBe(1);
    expect(source.signal?.aborted).toBe(true);
  });

  it("when another stage has failed", async () => {
    const source = new Controlled();
    const described = flow("reading", (f) =>
      f
        .source("numbers", source)
        .map("broken", (): number => {
          throw new Error("broken");
        })
        .sink("out", () => undefined),
    );
    const begun = await begin(described);
    source.settle({ items: [1] });
    await begun.run.clock.idle();
    expect(source.signal?.aborted).toBe(true);
    source.settle({ items: [2] });
    expect((await begun.ended).fault).toMatchObject({ stage: "broken" });
    await ended(begun, described);
    expect(closings(source)).toBe(1);
  });

  it("and a generator and a stream hear of it, too", async () => {
    const told: string[] = [];
    const generator = async function* ({ signal }: { readonly signal: AbortSignalLike }): AsyncGenerator<number> {
      try {
        yield 1;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      } finally {
        told.push("generator");
      }
    };
    const stream = (): ReadableStream<number> =>
      new ReadableStream({
        start: (controller) => controller.enqueue(1),
        cancel: () => void told.push("stream"),
      });
    for (const input of [generator, stream]) {
      const described = reading(input);
      const begun = await begin(described);
      begun.run.handle.stop("enough");
      expect(await begun.ended).toMatchObject({ status: "cancelled" });
      await ended(begun, described);
    }
    expect(told).toEqual(["generator", "stream"]);
  });
});

it("an opening that is told to stop by its signal, and does so by throwing, is no fault", async () => {
  const described = reading({
    extent: "finite",
    describe: () => "slow to open",
    open: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("not any more")))),
  });
  const begun = await begin(described);
  begun.run.handle.stop("enough");
  expect(await begun.ended).toMatchObject({ status: "cancelled", fault: undefined });
  expect((await ended(begun, described)).moves("numbers").at(-1)).toBe("cancelled");
});
