import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll } from "vitest";

import { sqliteSink, SqliteSinkError, type SqliteFault, type SqliteTableOptions } from "../src/index.ts";
import { Delivery } from "./delivery.ts";
import { execute, openDatabase, query } from "./open-database.ts";

export const ITEMS = "CREATE TABLE items (n INTEGER, text TEXT)";

export interface Item {
  readonly n: number;
  readonly text: string;
}

export interface TestFolder {
  /** A path that there is no file at. */
  readonly nextPath: () => string;
  /** The path of a new database, in which these statements were executed: with the table `items`, unless they are given. */
  readonly made: (...statements: readonly string[]) => string;
}

/** A folder for the tests of a file, which goes when they have ended. */
export function testFolder(): TestFolder {
  let directory: string;
  let files = 0;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "refold-sink-sqlite-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const nextPath = (): string => join(directory, `${files++}.db`);
  return {
    nextPath,
    made: (...statements) => {
      const path = nextPath();
      execute(path, ...(statements.length === 0 ? [ITEMS] : statements));
      return path;
    },
  };
}

export function itemsIn(path: string): readonly Item[] {
  return query(path, "SELECT n, text FROM items ORDER BY rowid").map(([n, text]) => ({ n, text }) as Item);
}

export const item = (n: number): Item => ({ n, text: `item ${n}` });

export const items = (count: number, from = 0): readonly Item[] =>
  Array.from({ length: count }, (_, i) => item(from + i));

/** A delivery of rows to the table `items`. */
export function rowsTo(path: string, options: Partial<SqliteTableOptions> = {}): Delivery<object> {
  return new Delivery(sqliteSink({ database: () => openDatabase(path), table: "items", ...options }));
}

/** The fault that a call fails with; `undefined` if it fails otherwise, or not at all. */
export async function faultOf(delivered: Promise<unknown>): Promise<SqliteFault | undefined> {
  const cause: unknown = await delivered.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return cause instanceof SqliteSinkError ? cause.fault : undefined;
}
