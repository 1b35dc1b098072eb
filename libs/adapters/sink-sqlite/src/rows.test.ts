import { SinkFailure } from "@refold/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Delivery } from "../test-support/delivery.ts";
import { item, itemsIn, rowsTo, testFolder } from "../test-support/items-table.ts";
import { drivers, openDatabase, query } from "../test-support/open-database.ts";
import { sqliteSink, type SqliteRow } from "./sqlite-sink.ts";

const { made } = testFolder();

describe("a row of a SQLite table", () => {
  it("holds each value as it is, of the same type on every driver", async () => {
    for (const open of drivers().values()) {
      const path = made("CREATE TABLE items (a, b, c, d, e, f, g, h, i REAL, j TEXT)");
      const delivery = new Delivery(sqliteSink({ database: () => open(path), table: "items" }));
      const row = {
        a: "text",
        b: 3,
        c: 2 ** 40,
        d: 0.5,
        e: true,
        f: new Date(0),
        g: new Uint8Array([1, 2]),
        h: null,
        i: 3,
        j: 3,
      };
      expect(await delivery.deliver([row])).toEqual([]);
      await delivery.close();
      const columns = [...Object.keys(row)];
      const types = columns.map((column) => `typeof(${column})`).join(", ");
      expect(query(path, `SELECT ${types} FROM items`)[0]).toEqual([
        "text",
        "integer",
        "integer",
        "real",
        "integer",
        "text",
        "blob",
        "null",
        "real",
        "text",
      ]);
      const texts = columns.map((column) => `quote(${column})`).join(", ");
      expect(query(path, `SELECT ${texts} FROM items`)[0]).toEqual([
        "'text'",
        "3",
        "1099511627776",
        "0.5",
        "1",
        "'1970-01-01T00:00:00.000Z'",
        "X'0102'",
        "NULL",
        "3.0",
        "'3'",
      ]);
    }
  });

  it("holds integers of 64 bits", async () => {
    const path = made();
    const delivery = rowsTo(path);
    await delivery.deliver([{ n: 2n ** 63n - 1n }, { n: -(2n ** 63n) }]);
    await delivery.close();
    expect(query(path, "SELECT quote(n) FROM items").flat()).toEqual(["9223372036854775807", "-9223372036854775808"]);
  });

  it("is read as it was written", async () => {
    const path = made("CREATE TABLE items (n INTEGER PRIMARY KEY, value)");
    const delivery = rowsTo(path);
    let n = 0;
    const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed() && !value.includes("\0"));
    // @photostructure/sqlite 1.2 takes a real for the whole number that is so near.
    const real = fc.double({ noNaN: true }).filter((value) => value === 0 || Math.abs(value) > 1e-15);
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, real, fc.uint8Array(), fc.maxSafeInteger()), async (value) => {
        expect(await delivery.deliver([{ n, value }], n)).toEqual([]);
        const [read] = query(path, `SELECT value FROM items WHERE n = ${n++}`)[0] ?? [];
        // There is but one zero.
        const expected = Object.is(value, -0) ? 0 : value;
        expect(read instanceof Uint8Array ? new Uint8Array(read) : read).toEqual(expected);
      }),
      { numRuns: 100 },
    );
    await delivery.close();
  });

  it.each([
    ["an object", {}, "an object cannot be stored"],
    ["a list", [1], "an object cannot be stored"],
    ["NaN", Number.NaN, "NaN cannot be stored"],
    ["an integer that is too large", 2n ** 63n, "an integer has 64 bits at most"],
    ["an integer that is too small", -(2n ** 63n) - 1n, "an integer has 64 bits at most"],
    ["an invalid date", new Date(Number.NaN), "an invalid date cannot be stored"],
    ["text that UTF-8 has no bytes for", "\ud800", "text that UTF-8 has no bytes for cannot be stored"],
    ["text that a driver would cut off", "a\0b", "text with a NUL cannot be stored whole"],
    ["a function", () => 1, "a value of type function cannot be stored"],
  ])("is not made of an item with %s, and those around it are", async (_, value, problem) => {
    const path = made();
    const delivery = rowsTo(path);
    const failed = await delivery.deliver([item(0), { n: 1, text: value }, item(2)], 7);
    await delivery.close();
    expect(failed).toEqual([{ index: 1, kind: "validation", message: `rows:8, column "text": ${problem}` }]);
    expect(itemsIn(path)).toEqual([item(0), item(2)]);
  });

  it.each([[null], [7], ["text"], [[1]], [new Map()], [new Date(0)]])("is not made of %o", async (row) => {
    const path = made();
    const delivery = new Delivery(
      sqliteSink({ database: () => openDatabase(path), table: "items", row: () => row as unknown as SqliteRow }),
    );
    const failed = await delivery.deliver([1]);
    await delivery.close();
    const message = "rows:0: the row is no object with a value for each column";
    expect(failed).toEqual([{ index: 0, kind: "validation", message }]);
  });

  it("has the defaults of the columns that it does not name", async () => {
    const path = made("CREATE TABLE items (n INTEGER DEFAULT 7, text TEXT DEFAULT 'none')");
    const delivery = rowsTo(path);
    await delivery.deliver([{}, { n: 1, text: undefined }, { text: null }]);
    await delivery.close();
    expect(query(path, "SELECT n, text FROM items")).toEqual([
      [7, "none"],
      [1, "none"],
      [7, null],
    ]);
  });

  it("goes to tables and columns of any name", async () => {
    const path = made('CREATE TABLE "a ""b""; --" ("x y" TEXT, "group" TEXT, "c""d" TEXT UNIQUE)');
    const delivery = rowsTo(path, { table: 'a "b"; --', upsertBy: ['c"d'] });
    await delivery.deliver([{ "x y": "1", group: "2", 'c"d': "3" }]);
    await delivery.deliver([{ "x y": "4", 'c"d': "3" }], 1);
    await delivery.close();
    expect(query(path, 'SELECT * FROM "a ""b""; --"')).toEqual([["4", "2", "3"]]);
  });

  it("is what the function makes of the item and its key", async () => {
    const path = made();
    const row = (n: number, key: string): SqliteRow => {
      if (n === 2) throw new SinkFailure({ kind: "item", error: "domain", message: "no twos" });
      return { n: n * 10, text: key };
    };
    const delivery = new Delivery(sqliteSink({ database: () => openDatabase(path), table: "items", row }));
    const failed = await delivery.deliver([1, 2, 3]);
    await delivery.close();
    expect(failed).toEqual([{ index: 1, kind: "domain", message: "no twos" }]);
    expect(query(path, "SELECT n, substr(text, 38) FROM items")).toEqual([
      [10, "rows:0"],
      [30, "rows:2"],
    ]);
  });

  it("takes the place of one with the same values of upsertBy, in the columns that it names", async () => {
    const path = made("CREATE TABLE items (a TEXT, b TEXT, n INTEGER, text TEXT, UNIQUE (a, b))");
    const delivery = rowsTo(path, { upsertBy: ["a", "b"] });
    await delivery.deliver([
      { a: "1", b: "1", n: 1, text: "first" },
      { a: "1", b: "2", n: 2, text: "second" },
      { a: "1", b: "1", n: 3 },
      { a: "1", b: "2" },
    ]);
    const failed = await delivery.deliver([{ a: "1", n: 4 }], 4);
    await delivery.close();
    expect(query(path, "SELECT n, text FROM items")).toEqual([
      [3, "first"],
      [2, "second"],
    ]);
    const message = 'rows:4, column "b": the row has no value to be found by';
    expect(failed).toEqual([{ index: 0, kind: "validation", message }]);
  });

  it("may name other columns than the one before, in any number of ways", async () => {
    const columns = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const path = made(`CREATE TABLE items (${columns.map((column) => `${column} INTEGER`).join(", ")})`);
    const delivery = rowsTo(path);
    const row = (bits: number): object =>
      Object.fromEntries(columns.flatMap((column, i) => ((bits >> i) & 1 ? [[column, bits]] : [])));
    await delivery.deliver(Array.from({ length: 512 }, (_, n) => row(n % 256)));
    await delivery.close();
    const sums = Array.from({ length: 8 }, (_, i) => {
      const all = Array.from({ length: 256 }, (__, bits) => ((bits >> i) & 1 ? bits : 0));
      return 2 * all.reduce((sum, bits) => sum + bits, 0);
    });
    expect(query(path, `SELECT ${columns.map((column) => `sum(${column})`).join(", ")} FROM items`)).toEqual([sums]);
  });
});
