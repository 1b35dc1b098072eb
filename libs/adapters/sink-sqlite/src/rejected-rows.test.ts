import { describe, expect, it } from "vitest";

import { ITEMS, rowsTo, testFolder } from "../test-support/items-table.ts";
import { execute, openDatabase, query } from "../test-support/open-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

const { made } = testFolder();

describe("a row that the database refuses", () => {
  const rejected = async (
    statements: readonly string[],
    rows: readonly object[],
    database: (path: string) => SqliteDatabase = openDatabase,
  ): Promise<{ readonly failed: readonly string[]; readonly ns: readonly unknown[] }> => {
    const path = made(...statements);
    const delivery = rowsTo(path, { database: () => database(path) });
    const failed = [...(await delivery.deliver(rows))];
    // And again, as after a crash: those that were taken are left out, those that were not are refused as before.
    await delivery.close();
    await delivery.open(0);
    expect(await delivery.deliver(rows)).toEqual(failed);
    await delivery.close();
    return {
      failed: failed.map(({ index, kind, message }) => `${index} ${kind} ${message}`),
      ns: query(path, "SELECT n FROM items ORDER BY rowid").flat(),
    };
  };

  it.each([
    [
      "is there already",
      "CREATE TABLE items (n INTEGER UNIQUE)",
      [1, 2, 1, 3],
      "domain rows:2: UNIQUE constraint failed: items.n",
    ],
    [
      "lacks a value",
      "CREATE TABLE items (n INTEGER NOT NULL)",
      [1, 2, null, 3],
      "domain rows:2: NOT NULL constraint failed: items.n",
    ],
    [
      "fails a check",
      "CREATE TABLE items (n INTEGER, CHECK (n < 9))",
      [1, 2, 9, 3],
      "domain rows:2: CHECK constraint failed: n < 9",
    ],
    ["is no id", "CREATE TABLE items (n INTEGER PRIMARY KEY)", [1, 2, "x", 3], "validation rows:2: datatype mismatch"],
    [
      "is of another type",
      "CREATE TABLE items (n INTEGER) STRICT",
      [1, 2, "x", 3],
      "domain rows:2: cannot store TEXT value in INTEGER column items.n",
    ],
  ])("because it %s is rejected, and those around it are taken", async (_, table, ns, message) => {
    const { failed, ns: taken } = await rejected(
      [table],
      ns.map((n) => ({ n })),
    );
    expect(failed).toEqual([`2 ${message}`]);
    expect(taken).toEqual([1, 2, 3]);
  });

  it.each(["ABORT", "FAIL", "ROLLBACK"])(
    "by a trigger that says %s is rejected, and those around it are taken",
    async (how) => {
      const trigger = `CREATE TRIGGER no_nine AFTER INSERT ON items WHEN NEW.n = 9 BEGIN SELECT RAISE(${how}, 'no nine'); END`;
      const { failed, ns } = await rejected(
        [ITEMS, trigger],
        [1, 9, 3].map((n) => ({ n })),
      );
      expect(failed).toEqual(["1 domain rows:1: no nine"]);
      expect(ns).toEqual([1, 3]);
    },
  );

  it("by a conflict that rolls all back is rejected, and those around it are taken", async () => {
    const table = "CREATE TABLE items (n INTEGER UNIQUE ON CONFLICT ROLLBACK)";
    const { failed, ns } = await rejected(
      [table],
      [1, 2, 1, 3].map((n) => ({ n })),
    );
    expect(failed).toEqual(["2 domain rows:2: UNIQUE constraint failed: items.n"]);
    expect(ns).toEqual([1, 2, 3]);
  });

  it("at the commit is rejected, and those around it are taken", async () => {
    const tables = [
      "CREATE TABLE owners (id INTEGER PRIMARY KEY)",
      "INSERT INTO owners VALUES (1), (2), (3)",
      "CREATE TABLE items (n INTEGER REFERENCES owners DEFERRABLE INITIALLY DEFERRED)",
    ];
    const { failed, ns } = await rejected(
      tables,
      [1, 2, 9, 3].map((n) => ({ n })),
      (path) => {
        const database = openDatabase(path);
        database.prepare("PRAGMA foreign_keys = ON").run();
        return database;
      },
    );
    expect(failed).toEqual(["2 domain FOREIGN KEY constraint failed"]);
    expect(ns).toEqual([1, 2, 3]);
  });

  it("is taken when it comes again and is refused no more", async () => {
    const path = made("CREATE TABLE items (n INTEGER UNIQUE)", "INSERT INTO items VALUES (2)");
    const delivery = rowsTo(path);
    const rows = [1, 2, 3].map((n) => ({ n }));
    expect(await delivery.deliver(rows)).toHaveLength(1);
    execute(path, "DELETE FROM items WHERE n = 2");
    for (const _ of [1, 2]) expect(await delivery.deliver(rows)).toEqual([]);
    await delivery.close();
    expect(query(path, "SELECT n FROM items ORDER BY n").flat()).toEqual([1, 2, 3]);
    expect(query(path, "SELECT last_seq, items FROM refold_deliveries")).toEqual([[2, 3]]);
    expect(query(path, "SELECT count(*) FROM refold_rejections")).toEqual([[0]]);
  });
});
