import { openSqlite, type SqliteDatabase } from "@refold/sink-sqlite";

/** Opens a database by the `node:sqlite` of the runtime; Node 20 has none, and takes a package that works alike. */
export async function openDatabase(path: string): Promise<SqliteDatabase> {
  if (process.getBuiltinModule("node:sqlite") !== undefined) return openSqlite(path);
  const { DatabaseSync } = await import("@photostructure/sqlite");
  return new DatabaseSync(path);
}
