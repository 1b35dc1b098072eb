import {
  parsePlace,
  SinkFailure,
  type DeliveryBatch,
  type ErrorKind,
  type FailedItem,
  type SinkWriter,
  type WriteReceipt,
} from "@refold/core";

import type { BusyWait } from "./busy-wait.ts";
import type { Deliveries } from "./deliveries.ts";
import { isBusy, isOfTrigger, rowFault } from "./result-code.ts";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-database.ts";
import { SqliteSinkError } from "./sqlite-fault.ts";
import { messageOf, statementFault } from "./statement-fault.ts";
import type { RowInsert, TargetTable } from "./target-table.ts";

/** An item on its way into the database. */
interface Entry {
  /** The stage that it comes from, and its seq there. */
  readonly source: string;
  readonly seq: number;
  readonly place: string;
  readonly insert: RowInsert;
}

export interface SqliteWriterParts<T> {
  readonly database: SqliteDatabase;
  readonly table: TargetTable;
  readonly deliveries: Deliveries;
  readonly row: (item: T, key: string) => unknown;
  readonly busy: BusyWait;
}

/** Writes each batch in one transaction, with the marks that say how far it goes. */
export class SqliteWriter<T> implements SinkWriter<T> {
  readonly #parts: SqliteWriterParts<T>;
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #rollback: SqliteStatement;
  /** Done when the write before has ended: one that a timeout policy has given up may still wait for the database. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: SqliteWriterParts<T>) {
    this.#parts = parts;
    this.#begin = parts.database.prepare("BEGIN IMMEDIATE");
    this.#commit = parts.database.prepare("COMMIT");
    this.#rollback = parts.database.prepare("ROLLBACK");
  }

  write(batch: DeliveryBatch<T>): Promise<WriteReceipt> {
    const written = this.#turn.then(() => this.#write(batch));
    this.#turn = written.catch(() => undefined);
    return written;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // A commit that waits for its turn leaves its transaction open.
    this.#rollBack();
    this.#parts.database.close();
  }

  async #write(batch: DeliveryBatch<T>): Promise<WriteReceipt> {
    // Before the transaction begins, for it holds up all other writers of the database.
    const entries = batch.items.map((item, index) => this.#entry(item, batch.key(index)));
    const written = await this.#transaction((failed) => this.#writeRows(entries, failed));
    if (written.kind === "committed") return receiptOf(written.failed);
    const { message } = written;
    const [only] = entries;
    if (only === undefined || entries.length > 1) throw new SinkFailure({ kind: "batch", error: "domain", message });
    // The transaction of this item alone was rolled back: what is left to commit is that it is rejected.
    const rejected = await this.#transaction((failed) => this.#reject(only, 0, failed, "domain", message));
    if (rejected.kind === "committed") return receiptOf(rejected.failed);
    throw new SqliteSinkError({ kind: "statement-failed", doing: "reject an item", message: rejected.message });
  }

  #entry(item: T, key: string): Entry {
    const place = key.slice(key.indexOf("/") + 1);
    const parsed = parsePlace(place);
    if (parsed === undefined) throw new TypeError(`${JSON.stringify(key)} is no key of an item`);
    const { stage: source, seq } = parsed;
    return { source, seq, place, insert: this.#insert(item, key, place) };
  }

  #insert(item: T, key: string, place: string): RowInsert {
    let row: unknown;
    try {
      row = this.#parts.row(item, key);
    } catch (cause) {
      if (!(cause instanceof SinkFailure) || cause.reason.kind === "writer") throw cause;
      return { kind: "refused", error: cause.reason.error, message: cause.reason.message };
    }
    try {
      return this.#parts.table.insert(row, place);
    } catch (cause) {
      throw cause instanceof SqliteSinkError ? cause : this.#fault(cause, `prepare the row of ${place}`);
    }
  }

  /** Commits all that `body` does, or nothing. Rolled back is what the rules of the database refuse as a whole. */
  async #transaction(
    body: (failed: FailedItem[]) => void,
  ): Promise<
    | { readonly kind: "committed"; readonly failed: readonly FailedItem[] }
    | { readonly kind: "rolled-back"; readonly message: string }
  > {
    const { busy, deliveries } = this.#parts;
    const failed: FailedItem[] = [];
    try {
      await busy.until(() => this.#open(() => this.#begin.run()));
      // Read within the transaction: no other process, be it one that was taken for dead, can write these rows as well.
      deliveries.begin();
      body(failed);
      deliveries.write();
      // Readers hold a commit up where the journal is not a WAL.
      await busy.until(() => this.#open(() => this.#commit.run()));
      return { kind: "committed", failed };
    } catch (cause) {
      this.#rollBack();
      if (cause instanceof RolledBack) return { kind: "rolled-back", message: cause.message };
      if (rowFault(cause) === "domain") return { kind: "rolled-back", message: messageOf(cause) };
      throw cause instanceof SqliteSinkError ? cause : this.#fault(cause, "write a batch");
    }
  }

  #writeRows(entries: readonly Entry[], failed: FailedItem[]): void {
    const { deliveries } = this.#parts;
    for (const [index, entry] of entries.entries()) {
      const { source, seq, place, insert } = entry;
      // A process that was killed had committed it, and not seen its receipt on record.
      if (deliveries.isDelivered(source, seq)) continue;
      if (insert.kind === "refused") {
        this.#reject(entry, index, failed, insert.error, insert.message);
        continue;
      }
      try {
        insert.statement.run(...insert.values);
      } catch (cause) {
        const error = rowFault(cause);
        if (error === undefined) throw this.#fault(cause, `write the row of ${place}`);
        const message = `${place}: ${messageOf(cause)}`;
        if (isOfTrigger(cause) || !this.#inTransaction()) throw new RolledBack(message);
        this.#reject(entry, index, failed, error, message);
        continue;
      }
      deliveries.settle(source, seq, "delivered");
    }
  }

  #reject({ source, seq }: Entry, index: number, failed: FailedItem[], kind: ErrorKind, message: string): void {
    this.#parts.deliveries.settle(source, seq, "rejected");
    failed.push({ index, kind, message });
  }

  /**
   * A statement that fails undoes itself alone, unless the database's own rules (a trigger, a conflict clause) roll all back.
   * Drivers do not agree on how to ask; but a transaction cannot begin within another.
   */
  #inTransaction(): boolean {
    try {
      this.#begin.run();
    } catch (cause) {
      if (isBusy(cause)) return false;
      return true;
    }
    this.#rollBack();
    return false;
  }

  #open(attempt: () => unknown): unknown {
    if (this.#closed) throw new Error("the sink was closed while it waited for the database");
    return attempt();
  }

  #rollBack(): void {
    try {
      this.#rollback.run();
    } catch {
      // There is none: it had not begun, or SQLite has rolled it back by itself.
    }
  }

  #fault(cause: unknown, doing: string): SqliteSinkError {
    const { table, busy } = this.#parts;
    return statementFault(cause, { doing, table: table.name, waitedMs: busy.timeoutMs });
  }
}

/** The database has undone all of the transaction because of one of its rows. */
class RolledBack extends Error {}

function receiptOf(failed: readonly FailedItem[]): WriteReceipt {
  return failed.length === 0 ? { outcome: "success" } : { outcome: "partial", failed };
}
