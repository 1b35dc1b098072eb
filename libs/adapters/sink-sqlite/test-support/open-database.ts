import { createRequire } from "node:module";

import { openSqlite, type SqliteDatabase } from "../src/index.ts";

const require = createRequire(import.meta.url);

type Driver = new (path: string) => SqliteDatabase;

/** The drivers that the runtime of the tests has, by name: its own ones, or on Node without any the one that is installed. */
export function drivers(): ReadonlyMap<string, (path: string) => SqliteDatabase> {
  const found = new Map<string, (path: string) => SqliteDatabase>();
  const ofBun = process.getBuiltinModule("bun:sqlite") as { readonly Database: Driver } | undefined;
  if (ofBun !== undefined) found.set("bun:sqlite", (path) => new ofBun.Database(path));
  if (process.getBuiltinModule("node:sqlite") !== undefined) found.set("node:sqlite", openSqlite);
  if (found.size === 0) {
    const { DatabaseSync } = require("@photostructure/sqlite") as { readonly DatabaseSync: Driver };
    found.set("@photostructure/sqlite", (path) => new DatabaseSync(path));
  }
  return found;
}

/** Opens a database with the first of the drivers. */
export function openDatabase(path: string): SqliteDatabase {
  const [open] = drivers().values();
  if (open === undefined) throw new Error("there is no driver");
  return open(path);
}

/** Does statements with a connection of its own. */
export function execute(path: string, ...statements: readonly string[]): void {
  const database = openDatabase(path);
  try {
    for (const statement of statements) database.prepare(statement).run();
  } finally {
    database.close();
  }
}

/** What a query gives, each row as the list of its values. */
export function query(path: string, sql: string): readonly (readonly unknown[])[] {
  const database = openDatabase(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row): readonly unknown[] => Object.values(row as object));
  } finally {
    database.close();
  }
}
