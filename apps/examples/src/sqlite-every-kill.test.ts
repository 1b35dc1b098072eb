import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parsePlace, type RunStore } from "@refold/core";
import { sqliteSink, type SqliteDatabase } from "@refold/sink-sqlite";
import { eventType, flow, memoryStore, type Flow } from "refold";
import { FlowRun, replayFlow, type RecordedRun } from "@refold/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";

import { openDatabase } from "./open-database.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-every-kill-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const NUMBERS = [1, 2, 3, 4, 5, 6, 7];
const TABLE = "CREATE TABLE IF NOT EXISTS items (n INTEGER CHECK (n % 4 <> 2), key TEXT)";

/** Three streams of two stages feed one table, which refuses some of them. `committed` hears when the database has changed. */
const numbersTo = (path: string, committed: () => void = () => undefined): Flow =>
  flow(
    "numbers",
    (f) => {
      const numbers = f.source("numbers", NUMBERS);
      const types = { odd: eventType<number>("odd"), even: eventType<number>("even") };
      const { odd, even } = numbers.route("sorted", types, (n, to) => (n % 2 === 1 ? to.odd(n) : to.even(n + 100)));
      f.merge(
        numbers.map("tens", (n) => n * 10),
        even,
        odd,
      ).sink(
        "table",
        sqliteSink({
          database: async () => watched(await openDatabase(path), committed),
          table: "items",
          row: (n, key) => ({ n, key: key.slice(key.indexOf("/") + 1) }),
        }),
      );
    },
    { configuration: { flow: { "sink.batchInputs": 3, "stage.stepInputs": 2 } } },
  );

function watched(database: SqliteDatabase, committed: () => void): SqliteDatabase {
  database.prepare(TABLE).run();
  // No power fails here.
  database.prepare("PRAGMA synchronous = OFF").run();
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      if (sql !== "COMMIT") return statement;
      return {
        all: (...values) => statement.all(...values),
        run(...values) {
          const result = statement.run(...values);
          committed();
          return result;
        },
      };
    },
  };
}

async function query<R>(path: string, sql: string): Promise<readonly R[]> {
  const database = await openDatabase(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => row as R);
  } finally {
    database.close();
  }
}

const rowsIn = (path: string): Promise<readonly { readonly n: number; readonly key: string }[]> =>
  query(path, "SELECT n, key FROM items ORDER BY rowid");

/** How many items are settled by what the database says. */
async function settledIn(path: string): Promise<number> {
  const [row] = await query<{ readonly items: number }>(path, "SELECT sum(items) AS items FROM refold_deliveries");
  return row?.items ?? 0;
}

/** How many of the items that the sink was given have a receipt among the first frames, and how many of them were rejected. */
function receiptsIn(
  { frames }: RecordedRun,
  count = Number.POSITIVE_INFINITY,
): { readonly ended: number; readonly failed: number } {
  const receipts = frames
    .slice(0, count)
    .flatMap(({ records }) => records)
    .filter((record) => record.kind === "receipt");
  const sumOf = (...outcomes: readonly string[]): number =>
    receipts.reduce((sum, receipt) => sum + (outcomes.includes(receipt.outcome) ? receipt.count : 0), 0);
  return { ended: sumOf("success", "failed"), failed: sumOf("failed") };
}

async function killedAfter(recorded: RecordedRun, count: number): Promise<RunStore> {
  const store = memoryStore();
  const log = (await store.create(recorded.manifest))._unsafeUnwrap();
  for (const { lane, timeMs, firstSeq, records } of recorded.frames.slice(0, count)) {
    log.append({ lane, timeMs, firstSeq, records })._unsafeUnwrap();
  }
  store.crash();
  return store;
}

it("a table has each item once, whichever frame a kill comes after, and whatever was committed by then", async () => {
  const copies: string[] = [];
  const whole = join(directory, "whole.db");
  const run = await FlowRun.open(
    numbersTo(whole, () => {
      const path = join(directory, `copy-${copies.length}.db`);
      copyFileSync(whole, path);
      copies.push(path);
    }),
    { store: memoryStore() },
  );
  expect(await run.run()).toMatchObject({ status: "completed" });
  const recorded = await run.recorded();
  expect(receiptsIn(recorded)).toEqual({ ended: 2 * NUMBERS.length, failed: 6 });
  expect(copies.length).toBeGreaterThan(4);
  const expected = (await rowsIn(whole)).map(({ n }) => n).sort((a, b) => a - b);
  expect(expected).toEqual(
    NUMBERS.flatMap((n) => [n * 10, n % 2 === 1 ? n : n + 100])
      .filter((n) => n % 4 !== 2)
      .sort((a, b) => a - b),
  );

  let tried = 0;
  let redelivered = 0;
  for (let frames = 1; frames < recorded.frames.length; frames++) {
    const { ended: receipts } = receiptsIn(recorded, frames);
    const lengths = new Map<string, number>();
    for (const { lane, records } of recorded.frames.slice(0, frames)) {
      const stage = recorded.manifest.lanes[lane] ?? "";
      lengths.set(stage, (lengths.get(stage) ?? 0) + records.length);
    }
    for (const path of [undefined, ...copies]) {
      const items = path === undefined ? 0 : await settledIn(path);
      // A receipt stands for what was committed before, and what is committed was on record before.
      if (items < receipts) continue;
      const rows = path === undefined ? [] : await rowsIn(path);
      const isOnRecord = rows.every(({ key }) => {
        const place = parsePlace(key);
        return place !== undefined && place.seq < (lengths.get(place.stage) ?? 0);
      });
      if (!isOnRecord) continue;
      const at = join(directory, `killed-${tried++}.db`);
      if (path !== undefined) copyFileSync(path, at);
      redelivered += items - receipts;
      const store = await killedAfter(recorded, frames);
      const resumed = await FlowRun.resume(numbersTo(at), { store });
      const where = `killed after frame ${frames}, with ${items} items committed`;
      expect(await resumed.run(), where).toMatchObject({ status: "completed" });
      const ns = (await rowsIn(at)).map(({ n }) => n).sort((a, b) => a - b);
      expect(ns, where).toEqual(expected);
      expect(receiptsIn(await resumed.recorded()), where).toEqual(receiptsIn(recorded));
      const replayed = await replayFlow(numbersTo(at), { store });
      expect(replayed.report, where).toMatchObject({ verdict: "matched", first: undefined });
    }
  }
  expect(tried).toBeGreaterThan(recorded.frames.length);
  expect(redelivered).toBeGreaterThan(20);
});
