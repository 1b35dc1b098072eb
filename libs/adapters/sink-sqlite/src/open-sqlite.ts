import type { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteSinkError } from "./sqlite-fault.ts";

/**
 * Opens a database file by the `node:sqlite` of the runtime, which Node has from 22.5 on, and Bun and Deno have as well. The file
 * is made if there is none. Throws a {@link SqliteSinkError} where the runtime has no such module.
 */
export function openSqlite(path: string): SqliteDatabase {
  const builtIn: unknown = process.getBuiltinModule("node:sqlite");
  if (!hasDatabases(builtIn)) throw new SqliteSinkError({ kind: "no-sqlite-driver" });
  return new builtIn.DatabaseSync(path);
}

function hasDatabases(module: unknown): module is { readonly DatabaseSync: new (path: string) => SqliteDatabase } {
  return typeof (module as { readonly DatabaseSync?: unknown } | undefined)?.DatabaseSync === "function";
}
