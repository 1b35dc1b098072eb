export { sqliteSink, type SqliteRow, type SqliteSinkOptions, type SqliteTableOptions } from "./sqlite-sink.ts";
export { openSqlite } from "./open-sqlite.ts";
export type { SqliteRowValue } from "./bound-value.ts";
export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./sqlite-database.ts";
export { explainSqliteFault, SqliteSinkError, type SqliteFault } from "./sqlite-fault.ts";
