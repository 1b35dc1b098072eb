/** What is wrong with a database, and where. */
export type SqliteFault =
  /** The runtime has no `node:sqlite`, so that a driver has to be installed. */
  | { readonly kind: "no-sqlite-driver" }
  /** The database has no such table. */
  | { readonly kind: "no-such-table"; readonly table: string }
  /** A row names a column that the table has not, or that is computed; `place` is that of its item. */
  | { readonly kind: "no-such-column"; readonly table: string; readonly column: string; readonly place?: string }
  /** Somebody else has held the database for so long. */
  | { readonly kind: "database-busy"; readonly table: string; readonly waitedMs: number }
  /**
   * A run is gone on with, and the database holds fewer of its items than have a receipt on record: it was removed, replaced by
   * an older one, or is another one.
   */
  | { readonly kind: "rows-lost"; readonly table: string; readonly receipts: number; readonly items: number }
  /** A statement failed. `code` is the result code of SQLite, if the driver gives one. */
  | { readonly kind: "statement-failed"; readonly doing: string; readonly code?: number; readonly message: string };

/** What is thrown by sinks of SQLite, through their port: the stage fails, and what was not committed comes again. */
export class SqliteSinkError extends Error {
  override readonly name: string = "SqliteSinkError";
  readonly fault: SqliteFault;

  constructor(fault: SqliteFault, options?: { readonly cause?: unknown }) {
    super(explainSqliteFault(fault), options);
    this.fault = fault;
  }
}

/** A fault for people: what it was about, and what is wrong. */
export function explainSqliteFault(fault: SqliteFault): string {
  switch (fault.kind) {
    case "no-sqlite-driver":
      return "this runtime has no node:sqlite: give the sink a connection of better-sqlite3, or of another driver that is installed";
    case "no-such-table":
      return `the database has no table ${JSON.stringify(fault.table)}`;
    case "no-such-column": {
      const whose = fault.place === undefined ? "" : `, which the row of ${fault.place} names`;
      return `table ${JSON.stringify(fault.table)} has no column ${JSON.stringify(fault.column)} to be written${whose}`;
    }
    case "database-busy":
      return `table ${JSON.stringify(fault.table)}: another connection has held the database for ${fault.waitedMs} ms`;
    case "rows-lost":
      return `table ${JSON.stringify(fault.table)}: the database knows of ${fault.items} items of this run, where ${fault.receipts} have a receipt on record: it was removed, replaced by an older one, or is not the one that the run began with`;
    case "statement-failed": {
      const code = fault.code === undefined ? "" : ` (${fault.code})`;
      return `${fault.doing}: ${fault.message}${code}`;
    }
  }
}
