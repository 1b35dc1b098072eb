import fc from "fast-check";
import { ok } from "neverthrow";
import { describe, expect, it } from "vitest";

import { SinkFailure, type FailedItem, type SinkFailureReason, type SinkWriter, type WriteReceipt } from "@refold/core";
import { memoryStore } from "@refold/log-memory";
import { replayFlow, runFlow } from "@refold/testkit";

import { rewrite } from "../../test/rewrite.ts";
import { connector, delivered, numbersTo, receiptTexts, type Batch } from "../../test/sink-under-test.ts";
import { flow } from "../authoring/flow.ts";
import { reject } from "../authoring/rejection.ts";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const writing = (write: SinkWriter<number>["write"]) => connector(() => ({ write }));

/** Writes to a list, and throws what it is told to at some items. Keeps the batches that it was given. */
class Table {
  readonly rows: number[] = [];
  readonly batches: (readonly number[])[] = [];
  readonly #failing: ReadonlyMap<number, "item" | "batch" | "writer">;

  constructor(failing: Readonly<Record<number, "item" | "batch" | "writer">>) {
    this.#failing = new Map(Object.entries(failing).map(([item, kind]) => [Number(item), kind]));
  }

  readonly write = ({ items }: Batch): void => {
    this.batches.push([...items]);
    for (const [index, item] of items.entries()) {
      const kind = this.#failing.get(item);
      const message = `no ${item}`;
      if (kind === "item") {
        this.rows.push(...items.slice(0, index));
        throw new SinkFailure({ kind, index, error: "domain", message });
      }
      if (kind === "batch") throw new SinkFailure({ kind, error: "remote", message });
      if (kind === "writer") throw new SinkFailure({ kind, message });
    }
    this.rows.push(...items);
  };
}

describe("what a sink says of a batch is on record", () => {
  const cases: readonly (readonly [WriteReceipt | undefined, readonly string[]])[] = [
    [undefined, ["success 0-3"]],
    [{ outcome: "success" }, ["success 0-3"]],
    [{ outcome: "partial", failed: [] }, ["success 0-3"]],
    [{ outcome: "failed", kind: "permanent", message: "closed" }, ["failed 0-3 permanent: closed"]],
    [
      { outcome: "partial", failed: [{ index: 2, kind: "remote", message: "lost" }] },
      ["partial 0-3", "success 0-1", "failed 2-2 remote: lost", "success 3-3"],
    ],
    [
      {
        outcome: "partial",
        failed: [
          { index: 3, kind: "domain", message: "no" },
          { index: 0, kind: "domain", message: "no" },
          { index: 1, kind: "domain", message: "no" },
        ],
      },
      ["partial 0-3", "failed 0-1 domain: no", "success 2-2", "failed 3-3 domain: no"],
    ],
  ];

  for (const [receipt, expected] of cases) {
    it(`at once and later: ${expected.join(", ")}`, async () => {
      for (const write of [() => receipt, async () => receipt]) {
        const { report, recorded } = await delivered(numbersTo(range(4), writing(write)));
        expect(report.status).toBe("completed");
        expect(receiptTexts(recorded)).toEqual(expected);
        expect(recorded.recordsOf("out", "contract").at(-1)).toMatchObject({
          contract: "delivery",
          verdict: "held",
          advertised: 4,
          read: 4,
        });
      }
    });
  }

  it("counts failed items by kind where they failed, and the run goes on", async () => {
    const { run, report } = await delivered(
      numbersTo(
        range(4),
        writing(() => ({
          outcome: "partial",
          failed: [
            { index: 1, kind: "domain", message: "no" },
            { index: 3, kind: "timeout", message: "late" },
          ],
        })),
      ),
    );
    expect(report.status).toBe("completed");
    const figures = run.handle.metrics().stages.find(({ stage }) => stage === "out");
    expect(figures).toMatchObject({ in: 4, errors: { domain: 1, timeout: 1, remote: 0 } });
  });

  it("of what a stage rejected, and of what it did not, each in its own sink", async () => {
    const described = flow("rejecting", (f) => {
      const odd = f
        .source("numbers", range(5))
        .tryMap("odd", (n) => (n % 2 === 1 ? ok(n) : reject("remote", `even ${n}`)));
      odd.sink("out", () => undefined);
      odd.errors.sink("dead", ({ input }) => {
        if (input === 2) throw new SinkFailure({ kind: "item", error: "permanent", message: "no 2" });
      });
    });
    const store = memoryStore();
    const { report, recorded } = await runFlow(described, { store });
    expect(report.status).toBe("completed");
    expect(receiptTexts(recorded)).toEqual(["success 0-1"]);
    expect(receiptTexts(recorded, "dead")).toEqual([
      "partial 0-2",
      "success 0-0",
      "failed 1-1 permanent: no 2",
      "success 2-2",
    ]);
    expect(recorded.recordsOf("dead", "contract").at(-1)).toMatchObject({
      contract: "delivery",
      advertised: 3,
      read: 3,
    });
    expect((await replayFlow(described, { store })).report).toMatchObject({ verdict: "matched", first: undefined });
  });

  it("in as many frames as it takes, where one cannot hold it", async () => {
    const message = "x".repeat(8000);
    const { report, recorded } = await delivered(
      numbersTo(
        range(4000),
        writing(({ items }) => ({
          outcome: "partial",
          failed: items
            .slice(1)
            .map((item, index): FailedItem => ({ index: index + 1, kind: "domain", message: `${item} ${message}` })),
        })),
      ),
      { flow: { "sink.batchInputs": 4000, "stage.stepInputs": 4000 } },
    );
    expect(report.status).toBe("completed");
    expect(receiptTexts(recorded).filter((text) => text.startsWith("failed"))).toHaveLength(3999);
    const frames = recorded.framesOf("out").filter(({ records }) => records.some(({ kind }) => kind === "receipt"));
    expect(frames.length).toBeGreaterThan(1);
  });

  for (const [what, receipt] of [
    ["item 4 of a batch of 4", { outcome: "partial", failed: [{ index: 4, kind: "domain", message: "" }] }],
    ["item 0.5 of a batch", { outcome: "partial", failed: [{ index: 0.5, kind: "domain", message: "" }] }],
    ["item -1 of a batch", { outcome: "partial", failed: [{ index: -1, kind: "domain", message: "" }] }],
    ["says twice that item 1", { outcome: "partial", failed: [1, 1].map((index) => ({ index, kind: "domain" })) }],
    ["kind that there is not: odd", { outcome: "partial", failed: [{ index: 1, kind: "odd", message: "" }] }],
    ["without a list", { outcome: "partial" }],
    ["outcome that there is not: maybe", { outcome: "maybe" }],
    ["kind that there is not", { outcome: "failed" }],
    ["no handle for", { outcome: "buffered" }],
  ] as const) {
    it(`unless it makes no sense, which fails the stage: ${what}`, async () => {
      const { report, recorded } = await delivered(
        numbersTo(
          range(4),
          writing(() => receipt as WriteReceipt),
        ),
      );
      expect(report.fault).toMatchObject({ code: "receipt-refused", stage: "out" });
      expect(report.fault?.message).toContain("the sink out");
      expect(report.fault?.message).toContain(what);
      expect(receiptTexts(recorded)).toEqual([]);
    });
  }
});

describe("a write that fails", () => {
  it("at one item loses that item alone, and those after it are written again", async () => {
    const table = new Table({ 1: "item", 2: "item", 5: "item" });
    const { report, recorded } = await delivered(numbersTo(range(6), writing(table.write)));
    expect(report.status).toBe("completed");
    expect(table.rows).toEqual([0, 3, 4]);
    expect(table.batches).toEqual([
      [0, 1, 2, 3, 4, 5],
      [2, 3, 4, 5],
      [3, 4, 5],
    ]);
    expect(receiptTexts(recorded)).toEqual([
      "partial 0-5",
      "success 0-0",
      "failed 1-1 domain: no 1",
      "failed 2-2 domain: no 2",
      "success 3-4",
      "failed 5-5 domain: no 5",
    ]);
  });

  it("as a whole is tried again once, item by item, and only those fail that fail alone", async () => {
    const table = new Table({ 1: "batch", 2: "item" });
    const { report, recorded } = await delivered(numbersTo(range(4), writing(table.write)));
    expect(report.status).toBe("completed");
    expect(table.rows).toEqual([0, 3]);
    expect(table.batches).toEqual([[0, 1, 2, 3], [0], [1], [2], [3]]);
    expect(receiptTexts(recorded)).toEqual([
      "partial 0-3",
      "success 0-0",
      "failed 1-1 remote: no 1",
      "failed 2-2 domain: no 2",
      "success 3-3",
    ]);
  });

  it("keeps the keys of the items that are written again", async () => {
    const keys = new Map<number, Set<string>>();
    const { recorded } = await delivered(
      numbersTo(
        range(5),
        writing((batch) => {
          for (const [index, item] of batch.items.entries()) {
            keys.set(item, (keys.get(item) ?? new Set()).add(batch.key(index)));
          }
          if (batch.items.length > 1) throw new SinkFailure({ kind: "batch", error: "remote", message: "later" });
        }),
      ),
    );
    for (const item of range(5)) {
      const place = recorded.place("numbers", (record) => record.kind === "data" && record.payload === item);
      expect([...(keys.get(item) ?? [])]).toEqual([`${recorded.manifest.runId}/${place}`]);
    }
  });

  for (const [how, reason] of [
    ["for good", { kind: "writer", message: "no more" }],
    ["at an item that there is not", { kind: "item", index: 9, error: "domain", message: "no" }],
    ["at an item that it does not name", { kind: "item", error: "domain", message: "no" }],
  ] as const satisfies readonly (readonly [string, SinkFailureReason])[]) {
    it(`${how} fails the stage, without a receipt for the batch`, async () => {
      const { report, recorded } = await delivered(
        numbersTo(
          range(3),
          writing(() => {
            throw new SinkFailure(reason);
          }),
        ),
      );
      expect(report.fault).toMatchObject({ code: reason.kind === "writer" ? "sink-threw" : "receipt-refused" });
      expect(receiptTexts(recorded)).toEqual([]);
    });
  }

  it("in any way gives every item one receipt, after at most two writes an item", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("written", "written", "written", "item", "batch"), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (fates, batchInputs) => {
          const failing = Object.fromEntries(fates.flatMap((fate, n) => (fate === "written" ? [] : [[n, fate]])));
          const table = new Table(failing);
          const { report } = await delivered(numbersTo(range(fates.length), writing(table.write)), {
            flow: { "sink.batchInputs": batchInputs },
          });
          expect(report.status).toBe("completed");
          expect(table.rows).toEqual(range(fates.length).filter((n) => fates[n] === "written"));
          expect(table.batches.length).toBeLessThanOrEqual(2 * fates.length);
        },
      ),
      { seed: 20_260_101, numRuns: 60 },
    );
  });
});

describe("a function that is a sink", () => {
  const rejecting = (kind: "item" | "batch", n: number): never => {
    throw new SinkFailure({ kind, error: "validation", message: `no ${n}` });
  };

  for (const kind of ["item", "batch"] as const) {
    it(`rejects one item by a failure of kind ${kind}, at once and later`, async () => {
      const functions = (seen: number[]) => [
        (n: number): void => {
          if (n % 2 === 1) rejecting(kind, n);
          seen.push(n);
        },
        async (n: number): Promise<void> => {
          await Promise.resolve();
          if (n % 2 === 1) rejecting(kind, n);
          seen.push(n);
        },
        // The first answers at once, and all others later.
        (n: number): void | Promise<void> => {
          if (n % 2 === 1) rejecting(kind, n);
          seen.push(n);
          return n === 0 ? undefined : Promise.resolve();
        },
      ];
      for (const index of [0, 1, 2]) {
        const seen: number[] = [];
        const sink = functions(seen)[index] as (n: number) => Promise<void>;
        const { report, recorded } = await delivered(flow("items", (f) => f.source("n", range(6)).sink("out", sink)));
        expect(report.status).toBe("completed");
        expect(seen).toEqual([0, 2, 4]);
        expect(receiptTexts(recorded).filter((text) => text.startsWith("failed"))).toEqual(
          [1, 3, 5].map((n) => `failed ${n}-${n} validation: no ${n}`),
        );
      }
    });
  }

  it("is given the key of each item", async () => {
    const keys: string[] = [];
    for (const sink of [
      (_: number, { key }: { readonly key: string }): void => void keys.push(key),
      async (_: number, context: { readonly key: string }): Promise<void> => {
        await Promise.resolve();
        keys.push(context.key);
      },
    ]) {
      keys.length = 0;
      const described = flow("keys", (f) => f.source("n", range(3)).sink("out", sink));
      const { recorded } = await delivered(described);
      const first = Number(recorded.place("n", ({ kind }) => kind === "data").split(":")[1]);
      expect(keys).toEqual(range(3).map((n) => `${recorded.manifest.runId}/n:${first + n}`));
    }
  });
});

describe("a replay finds receipts that cannot be", () => {
  const described = numbersTo(
    range(4),
    writing(() => ({ outcome: "partial", failed: [{ index: 1, kind: "domain", message: "no" }] })),
  );

  for (const [what, edit] of [
    ["for an input that has one already", { first: 0, count: 4 }],
    ["for inputs that there are not", { first: 2, count: 3 }],
    ["for fewer inputs than there are", { first: 2, count: 1 }],
  ] as const) {
    it(what, async () => {
      const store = memoryStore();
      const { recorded } = await runFlow(described, { store });
      await rewrite(store, recorded, 7, ({ records }) =>
        records.map((record) => (record.kind === "receipt" && record.first === 2 ? { ...record, ...edit } : record)),
      );
      const { report } = await replayFlow(described, { store, number: 7 });
      expect(report.verdict).toBe("diverged");
      expect(report.first?.stage).toBe("out");
    });
  }
});

describe("a replay of a run whose delivery was judged when the inputs ended", () => {
  it("finds nothing, though it is judged when the sink has drained by now", async () => {
    const described = numbersTo(
      range(3),
      writing(() => undefined),
    );
    const store = memoryStore();
    const { recorded } = await runFlow(described, { store });
    const delivery = recorded.recordsOf("out", "contract").filter(({ contract }) => contract === "delivery");
    expect(delivery).toHaveLength(1);
    await rewrite(store, recorded, 7, ({ lane, records }) => {
      if (recorded.manifest.lanes[lane] !== "out") return records;
      const others = records.filter((record) => record !== delivery[0]);
      return others.some((record) => record.kind === "transition" && record.event.kind === "inputs-ended")
        ? [...others, ...delivery]
        : others;
    });
    const { report } = await replayFlow(described, { store, number: 7 });
    expect(report).toMatchObject({ verdict: "matched", first: undefined });
  });
});
