import type { DeliveryBatch } from "@refold/core";
import { describe, expect, it } from "vitest";

import { RUN } from "../test-support/delivery.ts";
import { item, items, itemsIn, rowsTo, testFolder, type Item } from "../test-support/items-table.ts";
import { execute, openDatabase } from "../test-support/open-database.ts";
import { BusyWait } from "./busy-wait.ts";
import { Deliveries } from "./deliveries.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { TargetTable } from "./target-table.ts";

const { made } = testFolder();

describe("a SQLite sink waits", () => {
  it("for those who hold the database as it is opened, as it begins to write, and as it commits", async () => {
    const path = made();
    const other = openDatabase(path);
    let released = 0;
    const release = (): void => {
      other.prepare("COMMIT").run();
      released++;
    };
    const sleeps: (() => void)[] = [];
    const busy = new BusyWait(1_000, async () => sleeps.shift()?.());
    other.prepare("BEGIN IMMEDIATE").run();
    sleeps.push(() => undefined, release);
    const database = await busy.until(() => {
      execute(path, "CREATE TABLE others (n INTEGER)");
      return openDatabase(path);
    });
    Deliveries.create(database);
    const writer = new SqliteWriter<Item>({
      database,
      table: TargetTable.open(database, "items", []),
      deliveries: new Deliveries(database, { runId: RUN, sink: "out" }),
      row: (row) => row,
      busy,
    });
    const batchOf = (n: number): DeliveryBatch<Item> => ({
      items: [item(n)],
      key: () => `${RUN}/rows:${n}`,
      buffer: () => ({ stage: "out" }),
    });
    other.prepare("BEGIN IMMEDIATE").run();
    sleeps.push(
      () => undefined,
      () => undefined,
      release,
    );
    expect(await writer.write(batchOf(0))).toEqual({ outcome: "success" });
    // One that reads holds up a commit, and nothing before it.
    other.prepare("BEGIN").run();
    other.prepare("SELECT * FROM items").all();
    sleeps.push(() => undefined, release);
    expect(await writer.write(batchOf(1))).toEqual({ outcome: "success" });
    writer.close();
    other.close();
    expect(released).toBe(3);
    expect(sleeps).toEqual([]);
    expect(itemsIn(path)).toEqual(items(2));
  });

  it("for a write that was given up, and leaves out what that has committed", async () => {
    const path = made();
    const other = openDatabase(path);
    const delivery = rowsTo(path);
    await delivery.open();
    other.prepare("BEGIN IMMEDIATE").run();
    const writes = [1, 2, 3].map(() => delivery.deliver(items(3)));
    other.prepare("COMMIT").run();
    other.close();
    expect(await Promise.all(writes)).toEqual([[], [], []]);
    await delivery.close();
    expect(itemsIn(path)).toEqual(items(3));
  });
});
