/** What is bound to a parameter of a statement. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

/** What the sink uses of a statement. `run` and `all` execute it to its end. */
export interface SqliteStatement {
  run(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): readonly unknown[];
}

/**
 * What the sink uses of a connection to a SQLite database. Those of `node:sqlite` (Node from 22.5 on, Deno), `bun:sqlite` and
 * better-sqlite3 are such ones as they are.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  close(): void;
}
