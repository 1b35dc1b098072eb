import type { ErrorKind } from "@refold/core";

import { boundValue } from "./bound-value.ts";
import { quoted } from "./identifier.ts";
import { SqliteSinkError } from "./sqlite-fault.ts";
import type { SqliteDatabase, SqliteStatement, SqliteValue } from "./sqlite-database.ts";

/** Statements that are kept: one for each set of columns that rows name. Rows of more sets have theirs prepared again and again. */
const MAX_SHAPES = 64;

/** Columns that a statement can write: neither those of a virtual table that are hidden, nor computed ones. */
const WRITABLE = 0;

/** A row that can be written, or why it cannot. */
export type RowInsert =
  | { readonly kind: "insert"; readonly statement: SqliteStatement; readonly values: readonly SqliteValue[] }
  | { readonly kind: "refused"; readonly error: ErrorKind; readonly message: string };

interface Shape {
  readonly columns: readonly string[];
  readonly statement: SqliteStatement;
}

/** The table that rows go to. */
export class TargetTable {
  readonly name: string;
  readonly #database: SqliteDatabase;
  readonly #columns: ReadonlySet<string>;
  readonly #upsertBy: readonly string[];
  readonly #shapes: Map<string, Shape> = new Map();
  #latest: Shape | undefined;

  private constructor(
    database: SqliteDatabase,
    name: string,
    columns: ReadonlySet<string>,
    upsertBy: readonly string[],
  ) {
    this.#database = database;
    this.name = name;
    this.#columns = columns;
    this.#upsertBy = upsertBy;
  }

  /** Reads which columns there are. Throws if there is no such table, or nothing in it is unique by `upsertBy`. */
  static open(database: SqliteDatabase, name: string, upsertBy: readonly string[]): TargetTable {
    const found = database.prepare("SELECT name, hidden FROM pragma_table_xinfo(?)").all(name);
    if (found.length === 0) throw new SqliteSinkError({ kind: "no-such-table", table: name });
    // Rows are objects or arrays, as the driver is set.
    const columns = found.map((row) => Object.values(row as object) as [name: string, hidden: number | bigint]);
    const writable = new Set(columns.filter(([, hidden]) => Number(hidden) === WRITABLE).map(([column]) => column));
    const table = new TargetTable(database, name, writable, upsertBy);
    for (const column of upsertBy) table.#check(column, undefined);
    if (upsertBy.length > 0) database.prepare(table.#insertOf([...writable]));
    return table;
  }

  /** How the row of the item at `place` is written. Throws if it names a column that the table has not. */
  insert(row: unknown, place: string): RowInsert {
    if (!isRow(row)) return refused(`${place}: the row is no object with a value for each column`);
    const columns: string[] = [];
    const values: SqliteValue[] = [];
    for (const column of Object.keys(row)) {
      const value = row[column];
      // What has no value is left to the default of its column.
      if (value === undefined) continue;
      const bound = boundValue(value);
      if (!bound.ok) return refused(`${place}, column ${JSON.stringify(column)}: ${bound.problem}`);
      columns.push(column);
      values.push(bound.value);
    }
    const missing = this.#upsertBy.find((column) => !columns.includes(column));
    if (missing !== undefined) {
      return refused(`${place}, column ${JSON.stringify(missing)}: the row has no value to be found by`);
    }
    return { kind: "insert", statement: this.#statement(columns, place), values };
  }

  #statement(columns: readonly string[], place: string): SqliteStatement {
    if (this.#latest !== undefined && sameColumns(this.#latest.columns, columns)) return this.#latest.statement;
    const key = JSON.stringify(columns);
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      for (const column of columns) this.#check(column, place);
      shape = { columns, statement: this.#database.prepare(this.#insertOf(columns)) };
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      this.#shapes.set(key, shape);
    }
    this.#latest = shape;
    return shape.statement;
  }

  #check(column: string, place: string | undefined): void {
    if (this.#columns.has(column)) return;
    const where = place === undefined ? {} : { place };
    throw new SqliteSinkError({ kind: "no-such-column", table: this.name, column, ...where });
  }

  #insertOf(columns: readonly string[]): string {
    const into = `INSERT INTO ${quoted(this.name)}`;
    if (columns.length === 0) return `${into} DEFAULT VALUES`;
    const names = columns.map(quoted).join(", ");
    const insert = `${into} (${names}) VALUES (${columns.map(() => "?").join(", ")})`;
    const by = this.#upsertBy;
    if (by.length === 0) return insert;
    const set = columns
      .filter((column) => !by.includes(column))
      .map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
    return `${insert} ON CONFLICT (${by.map(quoted).join(", ")}) DO ${set.length === 0 ? "NOTHING" : `UPDATE SET ${set.join(", ")}`}`;
  }
}

function refused(message: string): RowInsert {
  return { kind: "refused", error: "validation", message };
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lists, maps and dates have no columns. */
function isRow(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !(Symbol.iterator in value) && !(value instanceof Date);
}
