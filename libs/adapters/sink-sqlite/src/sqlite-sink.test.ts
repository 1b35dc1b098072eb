import { sinkConnectorConformance } from "@refold/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Delivery, OTHER_RUN } from "../test-support/delivery.ts";
import { item, items, itemsIn, rowsTo, testFolder } from "../test-support/items-table.ts";
import { drivers, execute, openDatabase } from "../test-support/open-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { sqliteSink } from "./sqlite-sink.ts";

const { made } = testFolder();

for (const [driver, open] of drivers()) {
  const underTest = async (): Promise<{
    readonly connector: ReturnType<typeof sqliteSink>;
    readonly delivered: () => Promise<readonly object[]>;
    readonly dispose: () => Promise<void>;
    readonly fail: () => void;
  }> => {
    const path = made();
    return {
      connector: sqliteSink({ database: () => open(path), table: "items" }),
      delivered: async () => itemsIn(path),
      dispose: async () => undefined,
      fail: () => execute(path, "DROP TABLE items"),
    };
  };
  sinkConnectorConformance<object>({
    name: `A SQLite table by ${driver}`,
    runner: { describe, it },
    open: underTest,
    items: ["a", "b", 'c "quoted"', "d\nin two lines", "é"].map((text, n) => ({ n, text })),
    profiles: { rejected: { n: 9, text: { nested: true } }, failing: underTest },
  });
}

describe("the table of a SQLite sink", () => {
  it("has each row once, in order, wherever processes are killed, and whatever the log has forgotten", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("deliver" as const), count: fc.integer({ min: 1, max: 4 }) }),
      // Up to so many of the last receipts were not safe in the log.
      fc.record({ kind: fc.constant("kill" as const), lost: fc.nat(6) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const path = made("CREATE TABLE items (n INTEGER CHECK (n % 5 <> 3), text TEXT)");
        const delivery = rowsTo(path);
        let next = 0;
        let furthest = 0;
        const deliver = async (count: number): Promise<void> => {
          const failed = await delivery.deliver(items(count, next), next);
          const expected = items(count, next).flatMap(({ n }, index) => (n % 5 === 3 ? [index] : []));
          expect(failed.map(({ index }) => index)).toEqual(expected);
          next += count;
          furthest = Math.max(furthest, next);
        };
        for (const taken of steps) {
          if (taken.kind === "deliver") await deliver(taken.count);
          else {
            await delivery.close();
            next = Math.max(0, next - taken.lost);
            await delivery.open(next);
          }
        }
        await deliver(1);
        await delivery.close();
        expect(itemsIn(path)).toEqual(items(furthest).filter(({ n }) => n % 5 !== 3));
      }),
      { numRuns: 40 },
    );
  });

  it("has the rows of two runs, of two sinks, and of two stages of one flow", async () => {
    const path = made();
    const sink = sqliteSink({ database: () => openDatabase(path), table: "items" });
    const deliveries = [
      new Delivery(sink),
      new Delivery(sink, { run: OTHER_RUN }),
      new Delivery(sink, { stage: "second" }),
    ];
    for (const delivery of deliveries) {
      for (const _ of [1, 2]) await delivery.deliver(items(2));
      for (const _ of [1, 2]) await delivery.deliver(items(2), 0, "others");
      await delivery.close();
    }
    expect(itemsIn(path)).toEqual(Array.from({ length: 6 }, () => items(2)).flat());
  });

  it("is written by two sinks side by side", async () => {
    const path = made();
    const deliveries = [
      rowsTo(path),
      new Delivery(sqliteSink({ database: () => openDatabase(path), table: "items" }), { stage: "b" }),
    ];
    for (let n = 0; n < 20; n++) await Promise.all(deliveries.map((delivery) => delivery.deliver([item(n)], n)));
    for (const delivery of deliveries) await delivery.close();
    expect(itemsIn(path)).toHaveLength(40);
  });

  it("is not written by a process that was taken for dead, once another one has gone on", async () => {
    const path = made();
    const [paused, other] = [rowsTo(path), rowsTo(path)];
    await paused.deliver(items(2));
    await other.deliver(items(3), 0);
    await paused.deliver(items(3), 0);
    await other.deliver(items(2, 3), 3);
    await paused.deliver(items(2, 3), 3);
    for (const delivery of [paused, other]) await delivery.close();
    expect(itemsIn(path)).toEqual(items(5));
  });

  it("is gone on with after its rows were taken away", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver(items(2));
    await delivery.close();
    execute(path, "DELETE FROM items");
    await delivery.open(2);
    await delivery.deliver(items(2, 2), 2);
    await delivery.close();
    expect(itemsIn(path)).toEqual(items(2, 2));
  });
});

describe("the options of a SQLite sink", () => {
  const database = (): SqliteDatabase => {
    throw new Error("it is not opened");
  };

  it.each([
    [{ table: "" }, 'the table "" is no name'],
    [{ table: "a\0b" }, "has characters that no name can have"],
    [{ table: "\ud800" }, "has characters that no name can have"],
    [{ table: "sqlite_master" }, "is one of SQLite's own"],
    [{ table: "Refold_Deliveries" }, "holds the marks of the sink"],
    [{ table: "items", upsertBy: [""] }, 'the column "" of upsertBy is no name'],
    [{ table: "items", upsertBy: ["a", "a"] }, "upsertBy names a column twice"],
    [{ table: "items", busyTimeoutMs: -1 }, "busyTimeoutMs is a whole number from 0 to 2147483647, not -1"],
  ])("are refused as %o", (options, message) => {
    expect(() => sqliteSink({ database, ...options })).toThrow(RangeError);
    expect(() => sqliteSink({ database, ...options })).toThrow(message);
  });

  it("infer what a row is made of, and hold it to what can be stored", () => {
    sqliteSink({ database, table: "items", row: (n: number) => ({ n }) });
    // @ts-expect-error a column cannot hold a list
    sqliteSink({ database, table: "items", row: (n: number) => ({ n: [n] }) });
  });
});
