import { rmSync, writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { Delivery } from "../test-support/delivery.ts";
import { faultOf, item, items, itemsIn, ITEMS, rowsTo, testFolder } from "../test-support/items-table.ts";
import { execute, openDatabase, query } from "../test-support/open-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { sqliteSink, type SqliteRow } from "./sqlite-sink.ts";

const { nextPath, made } = testFolder();

describe("a SQLite sink is not opened", () => {
  it("where the table is missing", async () => {
    const path = made();
    const delivery = rowsTo(path, { table: "others" });
    expect(await faultOf(delivery.open())).toEqual({ kind: "no-such-table", table: "others" });
  });

  it("where a column of upsertBy is missing, or computed", async () => {
    const path = made("CREATE TABLE items (n INTEGER, twice GENERATED ALWAYS AS (n * 2))");
    for (const column of ["x", "twice"]) {
      const fault = await faultOf(rowsTo(path, { upsertBy: [column] }).open());
      expect(fault).toEqual({ kind: "no-such-column", table: "items", column });
    }
  });

  it("where nothing is unique by upsertBy", async () => {
    const fault = await faultOf(rowsTo(made(), { upsertBy: ["n"] }).open());
    expect(fault).toMatchObject({ kind: "statement-failed", code: 1 });
    expect(fault).toHaveProperty("message", expect.stringContaining("ON CONFLICT clause does not match"));
  });

  it("where the file is no database", async () => {
    const path = nextPath();
    writeFileSync(
      path,
      "no database, but text that is long enough to be looked at as a header of one, at the least. ".repeat(8),
    );
    expect(await faultOf(rowsTo(path).open())).toMatchObject({ kind: "statement-failed", code: 26 });
  });

  it("where nothing can be written", async () => {
    const path = made();
    const readOnly = (): SqliteDatabase => {
      const database = openDatabase(path);
      database.prepare("PRAGMA query_only = ON").run();
      return database;
    };
    expect(await faultOf(rowsTo(path, { database: readOnly }).open())).toMatchObject({
      kind: "statement-failed",
      code: 8,
    });
  });

  it("for a run that is gone on with where the database has lost rows, unless it is told to go on", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver(items(3));
    await delivery.close();
    rmSync(path);
    execute(path, ITEMS);
    expect(await faultOf(delivery.open(3))).toEqual({ kind: "rows-lost", table: "items", receipts: 3, items: 0 });
    const goingOn = rowsTo(path, { ifRowsAreLost: "go-on" });
    await goingOn.open(3);
    await goingOn.deliver(items(2, 3), 3);
    await goingOn.close();
    expect(itemsIn(path)).toEqual(items(2, 3));
  });

  it("for a run that is gone on with where an older copy of the database is", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver(items(3));
    const copy = nextPath();
    execute(path, `VACUUM INTO '${copy}'`);
    await delivery.deliver(items(3, 3), 3);
    await delivery.close();
    const restored = rowsTo(copy);
    expect(await faultOf(restored.open(6))).toEqual({ kind: "rows-lost", table: "items", receipts: 6, items: 3 });
    await restored.open(2);
    await restored.deliver(items(4, 2), 2);
    await restored.close();
    expect(itemsIn(copy)).toEqual(items(6));
  });
});

describe("a SQLite sink fails, with nothing written,", () => {
  it("at a row with a column that the table has not", async () => {
    const path = made();
    const delivery = rowsTo(path);
    const fault = await faultOf(delivery.deliver([item(0), { n: 1, total: 2 }], 4));
    await delivery.close();
    expect(fault).toEqual({ kind: "no-such-column", table: "items", column: "total", place: "rows:5" });
    expect(itemsIn(path)).toEqual([]);
  });

  it("when the function that makes rows throws", async () => {
    const path = made();
    const row = (): SqliteRow => {
      throw new Error("a bug");
    };
    const delivery = new Delivery(sqliteSink({ database: () => openDatabase(path), table: "items", row }));
    await expect(delivery.deliver([1])).rejects.toThrow("a bug");
    await delivery.close();
  });

  it("when the table is gone, and goes on when it is there again", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver([item(0)]);
    execute(path, "ALTER TABLE items RENAME TO away");
    const fault = await faultOf(delivery.deliver([item(1)], 1));
    expect(fault).toMatchObject({
      kind: "statement-failed",
      code: 1,
      message: expect.stringContaining("no such table") as string,
    });
    execute(path, "ALTER TABLE away RENAME TO items");
    await delivery.deliver([item(1)], 1);
    await delivery.close();
    expect(itemsIn(path)).toEqual(items(2));
  });

  it("when another connection holds the database for longer than it waits", async () => {
    const path = made();
    const delivery = rowsTo(path, { busyTimeoutMs: 5 });
    await delivery.deliver([item(0)]);
    const other = openDatabase(path);
    other.prepare("BEGIN IMMEDIATE").run();
    expect(await faultOf(delivery.deliver([item(1)], 1))).toEqual({
      kind: "database-busy",
      table: "items",
      waitedMs: 5,
    });
    other.prepare("COMMIT").run();
    other.close();
    await delivery.deliver([item(1)], 1);
    await delivery.close();
    expect(itemsIn(path)).toEqual(items(2));
  });

  it("when another connection holds the database while it is opened for longer than it waits", async () => {
    const path = made();
    const other = openDatabase(path);
    other.prepare("BEGIN IMMEDIATE").run();
    const database = (): SqliteDatabase => {
      execute(path, "CREATE TABLE others (n INTEGER)");
      return openDatabase(path);
    };
    const fault = await faultOf(rowsTo(path, { database, busyTimeoutMs: 5 }).open());
    expect(fault).toEqual({ kind: "database-busy", table: "items", waitedMs: 5 });
    other.prepare("COMMIT").run();
    other.close();
    expect(query(path, "SELECT count(*) FROM items")).toEqual([[0]]);
  });

  it("when it is closed while it waits for the database", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver([item(0)]);
    const other = openDatabase(path);
    other.prepare("BEGIN IMMEDIATE").run();
    const waiting = faultOf(delivery.deliver([item(1)], 1));
    await delivery.close();
    other.prepare("COMMIT").run();
    other.close();
    expect(await waiting).toMatchObject({
      kind: "statement-failed",
      message: expect.stringContaining("closed") as string,
    });
    expect(itemsIn(path)).toEqual([item(0)]);
  });
});
