import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SinkFailure, type DeliveryBatch } from "@refold/core";
import { sinkConnectorConformance } from "@refold/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Delivery, OTHER_RUN, RUN } from "../test-support/delivery.ts";
import { drivers, execute, openDatabase, query } from "../test-support/open-database.ts";
import { BusyWait } from "./busy-wait.ts";
import { Deliveries } from "./deliveries.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteSinkError, type SqliteFault } from "./sqlite-fault.ts";
import { sqliteSink, type SqliteRow, type SqliteTableOptions } from "./sqlite-sink.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { TargetTable } from "./target-table.ts";

let directory: string;
let files = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-sink-sqlite-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const nextPath = (): string => join(directory, `${files++}.db`);

const ITEMS = "CREATE TABLE items (n INTEGER, text TEXT)";

interface Item {
  readonly n: number;
  readonly text: string;
}

/** The path of a database with these tables. */
function made(...statements: readonly string[]): string {
  const path = nextPath();
  execute(path, ...(statements.length === 0 ? [ITEMS] : statements));
  return path;
}

function itemsIn(path: string): readonly Item[] {
  return query(path, "SELECT n, text FROM items ORDER BY rowid").map(([n, text]) => ({ n, text }) as Item);
}

const item = (n: number): Item => ({ n, text: `item ${n}` });
const items = (count: number, from = 0): readonly Item[] => Array.from({ length: count }, (_, i) => item(from + i));

/** A delivery of rows to the table `items`. */
function rowsTo(path: string, options: Partial<SqliteTableOptions> = {}): Delivery<object> {
  return new Delivery(sqliteSink({ database: () => openDatabase(path), table: "items", ...options }));
}

async function faultOf(delivered: Promise<unknown>): Promise<SqliteFault | undefined> {
  const cause: unknown = await delivered.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return cause instanceof SqliteSinkError ? cause.fault : undefined;
}

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
      name: "items",
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
    const { writeFileSync } = await import("node:fs");
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
