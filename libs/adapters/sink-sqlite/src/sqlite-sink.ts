import type { SinkConnector, SinkContext } from "@refold/core";

import type { SqliteRowValue } from "./bound-value.ts";
import { BusyWait } from "./busy-wait.ts";
import { Deliveries, DELIVERIES, REJECTIONS } from "./deliveries.ts";
import { nameProblem } from "./identifier.ts";
import { isBusy } from "./result-code.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteSinkError } from "./sqlite-fault.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { statementFault } from "./statement-fault.ts";
import { TargetTable } from "./target-table.ts";

const BUSY_TIMEOUT_MS = 10_000;
const MAX_BUSY_TIMEOUT_MS = 2_147_483_647;

/** A value for each column; a column without one, or with `undefined`, has its default. */
export type SqliteRow = Readonly<Record<string, SqliteRowValue>>;

export interface SqliteTableOptions {
  /**
   * Opens the connection that the sink uses, and closes in the end. Called once by each process that runs the stage, and again
   * while it throws that the database is busy. Nobody else may use the connection: what they did would be part of the sink's
   * transactions.
   */
  readonly database: () => SqliteDatabase | Promise<SqliteDatabase>;
  /** The table that rows are written to. It has to exist when the database has been opened. */
  readonly table: string;
  /**
   * Columns that are unique together in the table. A row whose values of them are there already takes the place of what is
   * there, in the columns that it names. Without it, such a row is rejected.
   */
  readonly upsertBy?: readonly string[];
  /**
   * How long to wait while other connections hold the database, in milliseconds, at most 2,147,483,647: 10,000, unless it is
   * given. Then the stage fails.
   */
  readonly busyTimeoutMs?: number;
  /**
   * What to do when a run is gone on with, and the database holds fewer of its items than the log has receipts for: fail, unless
   * it is given. `go-on` delivers what has no receipt, and what was lost stays lost.
   */
  readonly ifRowsAreLost?: "fail" | "go-on";
}

export interface SqliteSinkOptions<T> extends SqliteTableOptions {
  /**
   * The row of an item. `key` is the item's identity, `runId/stage:seq`, the same on every attempt. A `SinkFailure` that it
   * throws rejects the item; whatever else it throws fails the stage.
   */
  readonly row: (item: T, key: string) => SqliteRow;
}

/**
 * Writes items as rows of a table of a SQLite database, each exactly once: the rows of a batch and the mark of how far they go
 * are committed in one transaction. So what a kill undoes is delivered again, and what was committed is not. The marks are in
 * two tables of the same database, `refold_deliveries` and `refold_rejections`, which the sink makes.
 *
 * Without `row` the items are the rows. Values are text, numbers, bigints of 64 bits, booleans (1 and 0), dates (ISO 8601), bytes
 * and `null`. An item with any other, or that a constraint of the table refuses, is rejected, and the run goes on. Whatever else
 * goes wrong throws a {@link SqliteSinkError}: the stage fails, and the run can be resumed. Throws a RangeError for options that
 * make no sense.
 */
export function sqliteSink<T>(options: SqliteSinkOptions<T>): SinkConnector<T>;
export function sqliteSink(options: SqliteTableOptions): SinkConnector<object>;
export function sqliteSink<T>(
  options: SqliteTableOptions & { readonly row?: SqliteSinkOptions<T>["row"] },
): SinkConnector<T> {
  const { table, row = (item: T): unknown => item } = options;
  checkOptions(options);
  return {
    guarantee: "exactly-once",
    describe: () => `sqlite table ${table}`,
    open: (context) => openWriter<T>(options, row, context),
  };
}

async function openWriter<T>(
  options: SqliteTableOptions,
  row: (item: T, key: string) => unknown,
  context: SinkContext,
): Promise<SqliteWriter<T>> {
  const { table: name, upsertBy = [], busyTimeoutMs = BUSY_TIMEOUT_MS, ifRowsAreLost = "fail" } = options;
  const busy = new BusyWait(busyTimeoutMs);
  const database = await opened(options.database, name, busy);
  try {
    // Some drivers would wait by themselves, and hold up the whole process.
    database.prepare("PRAGMA busy_timeout = 0").all();
    return await busy.until(() => {
      const table = TargetTable.open(database, name, upsertBy);
      Deliveries.create(database);
      const deliveries = new Deliveries(database, { runId: context.runId, sink: context.stage });
      if (ifRowsAreLost === "fail") expectRows(context, deliveries, name);
      return new SqliteWriter<T>({ database, table, deliveries, row, busy });
    });
  } catch (cause) {
    database.close();
    if (cause instanceof SqliteSinkError) throw cause;
    throw statementFault(cause, { doing: "open it", table: name, waitedMs: busyTimeoutMs });
  }
}

/** Whoever opens a database may write to it as well: make the table, or choose the journal. */
async function opened(open: SqliteTableOptions["database"], table: string, busy: BusyWait): Promise<SqliteDatabase> {
  try {
    return await busy.until(open);
  } catch (cause) {
    if (!isBusy(cause)) throw cause;
    throw statementFault(cause, { doing: "open it", table, waitedMs: busy.timeoutMs });
  }
}

/** Every receipt on record stands for an item that was committed before. */
function expectRows({ receipts }: SinkContext, deliveries: Deliveries, table: string): void {
  if (receipts === undefined || receipts === 0) return;
  const { items } = deliveries;
  if (items < receipts) throw new SqliteSinkError({ kind: "rows-lost", table, receipts, items });
}

function checkOptions({ table, upsertBy = [], busyTimeoutMs = BUSY_TIMEOUT_MS }: SqliteTableOptions): void {
  const problem = nameProblem(table);
  if (problem !== undefined) throw new RangeError(`the table ${JSON.stringify(table)} ${problem}`);
  if (/^sqlite_/i.test(table)) throw new RangeError(`the table ${JSON.stringify(table)} is one of SQLite's own`);
  if ([DELIVERIES, REJECTIONS].includes(table.toLowerCase())) {
    throw new RangeError(`the table ${JSON.stringify(table)} holds the marks of the sink`);
  }
  for (const column of upsertBy) {
    const wrong = nameProblem(column);
    if (wrong !== undefined) throw new RangeError(`the column ${JSON.stringify(column)} of upsertBy ${wrong}`);
  }
  if (new Set(upsertBy).size < upsertBy.length) throw new RangeError("upsertBy names a column twice");
  if (!Number.isInteger(busyTimeoutMs) || busyTimeoutMs < 0 || busyTimeoutMs > MAX_BUSY_TIMEOUT_MS) {
    throw new RangeError(`busyTimeoutMs is a whole number from 0 to ${MAX_BUSY_TIMEOUT_MS}, not ${busyTimeoutMs}`);
  }
}
