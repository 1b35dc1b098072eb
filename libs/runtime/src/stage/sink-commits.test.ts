import { describe, expect, it } from "vitest";

import { SinkFailure, type CommitHandle, type LogRecord, type SinkContext, type SinkWriter } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { FlowRun, replayFlow, runFlow, tapLog } from "@refold/testkit";

import { killedAfter } from "../../test/killed-run.ts";
import { rewrite } from "../../test/rewrite.ts";
import { connector, delivered, numbersTo, receiptTexts, type Batch } from "../../test/sink-under-test.ts";
import { flow, type Flow } from "../authoring/flow.ts";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const TWO_AT_A_TIME = { flow: { "sink.batchInputs": 2 } } as const;
const BUFFERED = { outcome: "buffered" } as const;

/** Buffers every batch, and commits when it is told to. */
class Buffering implements SinkWriter<number> {
  readonly handles: CommitHandle[] = [];
  readonly context: SinkContext;

  constructor(context: SinkContext) {
    this.context = context;
  }

  write(batch: Batch): typeof BUFFERED {
    this.handles.push(batch.buffer());
    return BUFFERED;
  }

  commitAll(): void {
    for (const handle of this.handles.splice(0)) this.context.commit(handle);
  }
}

/** A buffering writer with more to it. */
const buffering = (more: (writer: Buffering, context: SinkContext) => Partial<SinkWriter<number>>) =>
  connector((context) => {
    const writer = new Buffering(context);
    return { write: (batch) => writer.write(batch), ...more(writer, context) };
  });

describe("what a sink has buffered", () => {
  const expected = ["buffered 0-1", "buffered 0-1", "buffered 0-0", "committed numbers 2", "committed numbers 2"];

  for (const method of ["flush", "drain"] as const) {
    it(`is committed by its ${method}, for the inputs of all the steps before, and then all is delivered`, async () => {
      const { report, recorded } = await delivered(
        numbersTo(
          range(5),
          buffering((writer) => ({ [method]: () => writer.commitAll() })),
        ),
        TWO_AT_A_TIME,
      );
      expect(report.status).toBe("completed");
      expect(receiptTexts(recorded)).toEqual([...expected, "committed numbers 1"]);
      expect(recorded.recordsOf("out", "contract").at(-1)).toMatchObject({ verdict: "held", advertised: 5, read: 5 });
    });
  }

  it("may be committed by a later write, or by its own", async () => {
    for (const [own, expected] of [
      [false, ["buffered 0-1", "buffered 0-1", "committed numbers 2", "buffered 0-0", "committed numbers 2"]],
      [true, ["buffered 0-1", "committed numbers 2", "buffered 0-1", "committed numbers 2", "buffered 0-0"]],
    ] as const) {
      const { report, recorded } = await delivered(
        numbersTo(
          range(5),
          buffering((writer) => ({
            write(batch) {
              if (!own) writer.commitAll();
              const receipt = writer.write(batch);
              if (own) writer.commitAll();
              return receipt;
            },
            flush: () => writer.commitAll(),
          })),
        ),
        TWO_AT_A_TIME,
      );
      expect(report.status).toBe("completed");
      expect(receiptTexts(recorded)).toEqual([...expected, "committed numbers 1"]);
    }
  });

  it("may be committed between calls, when an answer arrives", async () => {
    let commitAll: () => void = () => undefined;
    let give: (done: boolean) => void = () => undefined;
    const described = flow("answers", (f) =>
      f
        .source("numbers", async function* () {
          yield 1;
          await new Promise((resolve) => (give = resolve));
          yield 2;
        })
        .sink(
          "out",
          buffering((writer) => {
            commitAll = () => writer.commitAll();
            return { flush: commitAll };
          }),
        ),
    );
    const run = await FlowRun.open(described, { store: memoryStore() });
    const ended = run.run();
    await run.clock.idle();
    expect(receiptTexts(await run.recorded())).toEqual(["buffered 0-0"]);
    commitAll();
    await run.clock.idle();
    expect(receiptTexts(await run.recorded())).toEqual(["buffered 0-0", "committed numbers 1"]);
    give(true);
    expect((await ended).status).toBe("completed");
  });

  it("of several inputs is named by where it came from", async () => {
    const described = flow("merged", (f) => {
      const left = f.source("left", [1, 2, 3]);
      f.merge(left, f.source("right", [4, 5])).sink(
        "out",
        buffering((writer) => ({ flush: () => writer.commitAll() })),
      );
    });
    const { report, recorded } = await delivered(described);
    expect(report.status).toBe("completed");
    const committed = receiptTexts(recorded).filter((text) => text.startsWith("committed"));
    expect(committed.join(" ")).toMatch(/left 3/);
    expect(committed.join(" ")).toMatch(/right 2/);
  });

  it("is what came before an item that failed, where that ends the batch", async () => {
    for (const [bad, expected] of [
      [1, ["partial 0-2", "buffered 0-0", "failed 1-1 domain: no", "buffered 2-2"]],
      [0, ["partial 0-2", "failed 0-0 domain: no", "buffered 1-2"]],
    ] as const) {
      const { report, recorded } = await delivered(
        numbersTo(
          range(3),
          buffering((writer) => ({
            write(batch) {
              const receipt = writer.write(batch);
              const index = batch.items.indexOf(bad);
              if (index >= 0) throw new SinkFailure({ kind: "item", index, error: "domain", message: "no" });
              return receipt;
            },
            flush: () => writer.commitAll(),
          })),
        ),
      );
      expect(report.status).toBe("completed");
      expect(receiptTexts(recorded).slice(0, expected.length)).toEqual(expected);
      expect(recorded.recordsOf("out", "contract").at(-1)).toMatchObject({ verdict: "held", advertised: 3, read: 3 });
    }
  });

  it("and never commits fails the stage, which names how much is left", async () => {
    for (const [more, after] of [
      [{}, "flush"],
      [{ flush: () => undefined }, "flush"],
      [{ drain: () => undefined }, "drain"],
    ] as const) {
      const { report } = await delivered(
        numbersTo(
          range(5),
          buffering(() => more),
        ),
        TWO_AT_A_TIME,
      );
      expect(report.fault).toMatchObject({
        code: "left-buffered",
        message: `the sink out has left 5 items in 3 batches buffered after its ${after}`,
      });
    }
  });

  it("makes it flush when there are 4,096 batches of it", async () => {
    const flushedAt: number[] = [];
    const { report } = await runFlow(
      numbersTo(
        range(5000),
        buffering((writer) => ({
          flush() {
            flushedAt.push(writer.handles.length);
            writer.commitAll();
          },
        })),
      ),
      { store: memoryStore(), configuration: { flow: { "sink.batchInputs": 1 } } },
    );
    expect(report.status).toBe("completed");
    expect(flushedAt).toEqual([4096, 904]);
  });

  it("stays buffered on record when its run is cancelled, and the replay has nothing against it", async () => {
    const calls: string[] = [];
    const described = flow("cancelled", (f) =>
      f
        .source("numbers", async function* () {
          yield 1;
          await new Promise(() => undefined);
        })
        .sink(
          "out",
          buffering(() => ({
            flush: () => void calls.push("flush"),
            drain: () => void calls.push("drain"),
            close: () => void calls.push("close"),
          })),
        ),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop("enough");
    expect((await ended).status).toBe("cancelled");
    const recorded = await run.recorded();
    expect(receiptTexts(recorded)).toEqual(["buffered 0-0"]);
    expect(recorded.recordsOf("out", "contract")).toEqual([]);
    expect(calls).toEqual(["close"]);
    expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  });

  it("and committed as the run is cancelled is committed on record", async () => {
    let commitAll: () => void = () => undefined;
    const described = flow("cancelled", (f) =>
      f
        .source("numbers", async function* () {
          yield 1;
          await new Promise(() => undefined);
        })
        .sink(
          "out",
          buffering((writer) => {
            commitAll = () => writer.commitAll();
            return {};
          }),
        ),
    );
    const store = memoryStore();
    const run = await FlowRun.open(described, { store });
    const ended = run.run();
    await run.clock.idle();
    run.handle.stop("enough");
    commitAll();
    expect((await ended).status).toBe("cancelled");
    expect(receiptTexts(await run.recorded())).toEqual(["buffered 0-0", "committed numbers 1"]);
    expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  });

  it("and had not committed when its process died is delivered again by the one that goes on, at every frame", async () => {
    const described = (): Flow =>
      numbersTo(
        range(4),
        buffering((writer) => ({ flush: () => writer.commitAll() })),
      );
    const { recorded } = await runFlow(described(), { store: memoryStore(), configuration: TWO_AT_A_TIME });
    for (let frames = 1; frames < recorded.frames.length; frames++) {
      const store = await killedAfter(recorded, frames);
      const run = await FlowRun.resume(described(), { store });
      expect(await run.run(), `killed after ${frames}`).toMatchObject({ status: "completed", fault: undefined });
      const committed = (await run.recorded())
        .recordsOf("out", "receipt")
        .reduce((sum, { outcome, count }) => (outcome === "committed" ? sum + count : sum), 0);
      expect(committed, `killed after ${frames}`).toBe(4);
      expect((await replayFlow(described(), { store })).report, `killed after ${frames}`).toMatchObject({
        verdict: "matched",
        first: undefined,
        uncertified: [],
      });
    }
  });

  it("is committed in as many frames as it takes", async () => {
    const isCommit = (record: LogRecord): boolean => record.kind === "receipt" && record.outcome === "committed";
    const run = await FlowRun.open(
      numbersTo(
        range(10),
        buffering((writer) => ({ flush: () => writer.commitAll() })),
      ),
      {
        store: memoryStore(),
        configuration: TWO_AT_A_TIME,
        tap: (log) =>
          tapLog(log, {
            before: ({ records }) =>
              records.filter(isCommit).length > 2
                ? { kind: "frame-too-large", bytes: 17 << 20, limitBytes: 16 << 20 }
                : undefined,
          }),
      },
    );
    expect((await run.run()).status).toBe("completed");
    expect((await run.recorded()).records("out").filter(isCommit)).toHaveLength(5);
  });

  it("and committed before its writer failed is committed on record", async () => {
    const { report, recorded } = await delivered(
      numbersTo(
        range(4),
        buffering((writer) => ({
          write(batch) {
            if (writer.handles.length === 0) return writer.write(batch);
            writer.commitAll();
            throw new Error("connection lost");
          },
        })),
      ),
      TWO_AT_A_TIME,
    );
    expect(report.fault).toMatchObject({ code: "sink-threw", message: "Error: connection lost" });
    expect(receiptTexts(recorded)).toEqual(["buffered 0-1", "committed numbers 2"]);
  });
});

describe("a commit handle that is misused fails the stage, and names the sink", () => {
  const refused = async (
    what: string,
    more: (writer: Buffering, context: SinkContext) => Partial<SinkWriter<number>>,
  ): Promise<void> => {
    const { report } = await delivered(numbersTo(range(4), buffering(more)), TWO_AT_A_TIME);
    expect(report.fault).toMatchObject({ code: "commit-refused", stage: "out", message: `the sink out ${what}` });
  };

  it("used twice", async () => {
    await refused("committed one batch twice", (writer, context) => ({
      flush() {
        for (const handle of writer.handles) context.commit(handle);
        context.commit(writer.handles[0] as CommitHandle);
      },
    }));
    await refused("committed one batch twice", (_, context) => ({
      write(batch) {
        const handle = batch.buffer();
        context.commit(handle);
        context.commit(handle);
        return BUFFERED;
      },
    }));
  });

  it("also where the writer catches what was thrown", async () => {
    await refused("committed a handle that no sink has given out", (writer, context) => ({
      flush() {
        writer.commitAll();
        expect(() => context.commit({ stage: "out" })).toThrow("the sink out");
      },
    }));
  });

  it("made for another batch, and asked for twice of one", async () => {
    await refused("buffered one batch twice", () => ({
      write(batch) {
        batch.buffer();
        batch.buffer();
        return BUFFERED;
      },
    }));
  });

  it("of a batch that was not written", async () => {
    const rollBack = (batch: Batch): never => {
      throw new SinkFailure({ kind: "batch", error: "remote", message: `no ${batch.items.length}` });
    };
    await refused("committed a batch that it had said was not written", (writer) => ({
      write(batch) {
        if (writer.handles.length > 0) writer.commitAll();
        writer.write(batch);
        return rollBack(batch);
      },
    }));
    await refused("committed a batch, and then said that it was not written", (writer) => ({
      write(batch) {
        writer.write(batch);
        writer.commitAll();
        return rollBack(batch);
      },
    }));
  });

  it("of a batch that was not said to be buffered", async () => {
    const { report } = await delivered(
      numbersTo(
        range(2),
        buffering((writer) => ({
          write(batch) {
            writer.write(batch);
          },
        })),
      ),
    );
    expect(report.fault).toMatchObject({
      code: "receipt-refused",
      message: "the sink out buffered a batch and did not return so",
    });
  });

  it("of another sink", async () => {
    const handles: CommitHandle[] = [];
    const described = flow("two", (f) => {
      const numbers = f.source("numbers", [1, 2]);
      numbers.sink(
        "lender",
        connector(() => ({
          write(batch) {
            handles.push(batch.buffer());
            return BUFFERED;
          },
          flush: () => new Promise(() => undefined),
        })),
      );
      numbers.sink(
        "out",
        connector((context) => ({
          write: () => undefined,
          async flush() {
            while (handles.length === 0) await Promise.resolve();
            for (const handle of handles) context.commit(handle);
          },
        })),
      );
    });
    const run = await FlowRun.open(described, { store: memoryStore() });
    const ended = run.run();
    await run.clock.idle();
    run.clock.advance(30_000);
    expect((await ended).fault).toMatchObject({
      code: "commit-refused",
      stage: "out",
      message: "the sink out committed a handle of the sink lender",
    });
  });

  it("of another run of the same flow", async () => {
    const handles: CommitHandle[] = [];
    const described = numbersTo(
      range(2),
      connector((context) => ({
        write(batch) {
          handles.push(batch.buffer());
          return BUFFERED;
        },
        flush: () => context.commit(handles[0] as CommitHandle),
      })),
    );
    const store = memoryStore();
    expect((await runFlow(described, { store })).report.status).toBe("completed");
    const { report } = await runFlow(described, { store, number: 2 });
    expect(report.fault).toMatchObject({ message: "the sink out committed a handle of another run" });
  });

  it("when the stage has ended, where only its writer can be told", async () => {
    const told: unknown[] = [];
    let late: () => void = () => undefined;
    const described = numbersTo(
      range(1),
      connector((context) => {
        const handles: CommitHandle[] = [];
        return {
          write(batch) {
            handles.push(batch.buffer());
            throw new Error("no more");
          },
          close() {
            late = () => context.commit(handles[0] as CommitHandle);
            try {
              late();
            } catch (cause) {
              told.push(cause);
            }
          },
        };
      }),
    );
    const { report } = await delivered(described);
    expect(report.fault).toMatchObject({ code: "sink-threw" });
    expect(told).toMatchObject([{ message: "the sink out committed a batch after it had ended" }]);
    expect(late).toThrow("after it had ended");
  });
});

describe("a replay finds", () => {
  const described = numbersTo(
    range(4),
    buffering((writer) => ({ flush: () => writer.commitAll() })),
  );

  const verdictOf = async (
    change: (receipt: { readonly outcome: string; readonly first: number }) => object | undefined,
    configuration = {},
  ) => {
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store, configuration });
    let seen = 0;
    await rewrite(store, recorded, 7, ({ records }) =>
      records.flatMap((record) => {
        if (record.kind !== "receipt" || record.outcome !== "committed" || seen++ > 0) return [record];
        const changed = change(record);
        return changed === undefined ? [] : [{ ...record, ...changed }];
      }),
    );
    return (await replayFlow(described, { store, number: 7 })).report;
  };

  it("nothing where nothing has changed", async () => {
    expect(await verdictOf(() => ({}))).toMatchObject({ verdict: "matched", first: undefined });
  });

  it("a commit that is missing, whether or not the contract was looked at", async () => {
    for (const mode of ["abort", "off"]) {
      const report = await verdictOf(() => undefined, { flow: { "contracts.delivery": mode, "sink.batchInputs": 2 } });
      expect(report.verdict).toBe("diverged");
      expect(report.first).toMatchObject({ stage: "out" });
    }
  });

  it("a commit of other inputs, of none, or of another number", async () => {
    for (const change of [
      { spans: [] },
      { spans: undefined },
      { spans: [{ lane: 1, first: 0, last: 0 }] },
      { count: 9 },
    ]) {
      const report = await verdictOf(() => change);
      expect(report.verdict).toBe("diverged");
      expect(report.first).toMatchObject({ stage: "out" });
    }
  });
});
