import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { explainSqliteFault, type SqliteFault } from "./sqlite-fault.ts";

/** The type asks for every kind there is. */
const FAULTS: { readonly [K in SqliteFault["kind"]]: Extract<SqliteFault, { readonly kind: K }> } = {
  "no-sqlite-driver": { kind: "no-sqlite-driver" },
  "no-such-table": { kind: "no-such-table", table: "items" },
  "no-such-column": { kind: "no-such-column", table: "items", column: "total", place: "priced:17" },
  "database-busy": { kind: "database-busy", table: "items", waitedMs: 10_000 },
  "rows-lost": { kind: "rows-lost", table: "items", receipts: 6, items: 3 },
  "statement-failed": { kind: "statement-failed", doing: 'table "items": to write', code: 13, message: "full" },
};

it("docs/faults.md has one row for each fault of SQLite sinks, and none for another", () => {
  const page = readFileSync(new URL("../../../../docs/faults.md", import.meta.url), "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith("@refold/sink-sqlite\n")) ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, kind]) => kind);
  expect(rows.sort()).toEqual(Object.keys(FAULTS).sort());
});

it("a fault says what it is about", () => {
  const texts = Object.values(FAULTS).map(explainSqliteFault);
  expect(texts).toEqual([
    "this runtime has no node:sqlite: give the sink a connection of better-sqlite3, or of another driver that is installed",
    'the database has no table "items"',
    'table "items" has no column "total" to be written, which the row of priced:17 names',
    'table "items": another connection has held the database for 10000 ms',
    'table "items": the database knows of 3 items of this run, where 6 have a receipt on record: it was removed, replaced by an older one, or is not the one that the run began with',
    'table "items": to write: full (13)',
  ]);
});
