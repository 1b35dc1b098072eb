// Into a database, exactly once. This flow reads the strikes of birds on aircraft, and writes those whose speed is known as rows of
// a SQLite table. Beside that it keeps, in a table of its own, how many there were in each state and what they cost.
//
//   DATABASE=strikes.db npx refold run apps/examples/src/strikes-to-sqlite.flow.ts
//
// Without DATABASE the file goes to the folder for temporary files. Kill the run whenever you like, and resume it: rows and the
// mark of how far they go are committed together, so that each strike is there once.
import { tmpdir } from "node:os";
import { join } from "node:path";

import { csvFile } from "@refold/csv";
import { sqliteSink, type SqliteDatabase } from "@refold/sink-sqlite";
import { everyN, flow, groupBy } from "refold";

import { dataPath } from "./data-file.ts";
import { openDatabase } from "./open-database.ts";
import { readStrikeSpeed } from "./strike-speed.ts";

const TABLES = [
  `CREATE TABLE IF NOT EXISTS strikes (
    place TEXT PRIMARY KEY, date TEXT NOT NULL, state TEXT, species TEXT, dollars INTEGER, knots INTEGER CHECK (knots > 0)
  )`,
  "CREATE TABLE IF NOT EXISTS states (state TEXT PRIMARY KEY, strikes INTEGER, dollars INTEGER)",
];

/** Each sink has a connection of its own. The tables have to be there before it writes. */
async function database(): Promise<SqliteDatabase> {
  const opened = await openDatabase(process.env["DATABASE"] ?? join(tmpdir(), "refold-bird-strikes.db"));
  for (const table of TABLES) opened.prepare(table).run();
  return opened;
}

export default flow("strikes-to-sqlite", (f) => {
  const columns = ["Flight Date", "Origin State", "Wildlife Species", "Cost Total $", "Speed IAS in knots"] as const;
  const strikes = f
    .source("rows", csvFile({ path: dataPath("birdstrikes.csv"), columns }))
    .tryMap("strikes", readStrikeSpeed);

  // The key of an item is its place on record: whoever finds an odd row can look up how it came about. What a constraint of the
  // table refuses, such as a speed of 0, goes on record as failed.
  strikes.sink(
    "strikes-out",
    sqliteSink({ database, table: "strikes", row: (strike, place) => ({ place, ...strike }) }),
  );

  // A state that is there already is brought up to date.
  strikes
    .stateful(
      "states",
      groupBy({
        key: ({ state }) => state,
        initial: () => ({ strikes: 0, dollars: 0 }),
        fold: (sum, { dollars }) => ({ strikes: sum.strikes + 1, dollars: sum.dollars + dollars }),
        emit: everyN(1_000),
      }),
    )
    .sink(
      "states-out",
      sqliteSink({
        database,
        table: "states",
        upsertBy: ["state"],
        row: ({ key, value }) => ({ state: key, ...value }),
      }),
    );
});
