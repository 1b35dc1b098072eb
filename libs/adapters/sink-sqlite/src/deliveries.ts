import type { SqliteDatabase, SqliteStatement } from "./sqlite-database.ts";

/** The table of the marks: how far the items of a stage are settled, by run, sink, and the stage that they come from. */
export const DELIVERIES = "refold_deliveries";

/** The table of the items up to a mark that were not taken, and so are no rows. */
export const REJECTIONS = "refold_rejections";

const CREATE: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${DELIVERIES} (run_id TEXT NOT NULL, sink TEXT NOT NULL, source TEXT NOT NULL, last_seq INTEGER NOT NULL, items INTEGER NOT NULL, PRIMARY KEY (run_id, sink, source)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS ${REJECTIONS} (run_id TEXT NOT NULL, sink TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (run_id, sink, source, seq)) WITHOUT ROWID`,
];

const OF_SINK = "run_id = ? AND sink = ?";

interface Mark {
  /** Items up to this one are settled: they are rows, or rejected. */
  lastSeq: number;
  /** How many have been settled since the mark was read. */
  settled: number;
}

/**
 * What one sink of one run has delivered, kept in the database that it delivers to. Each stage's items come in the order of their
 * seqs, so one mark for each stage says it, with the few that were rejected.
 */
export class Deliveries {
  readonly #runId: string;
  readonly #sink: string;
  readonly #count: SqliteStatement;
  readonly #read: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #isRejected: SqliteStatement;
  readonly #reject: SqliteStatement;
  readonly #accept: SqliteStatement;
  /** The marks as the transaction under way has them, by stage. */
  readonly #marks: Map<string, Mark> = new Map();

  constructor(database: SqliteDatabase, { runId, sink }: { readonly runId: string; readonly sink: string }) {
    this.#runId = runId;
    this.#sink = sink;
    this.#count = database.prepare(`SELECT coalesce(sum(items), 0) FROM ${DELIVERIES} WHERE ${OF_SINK}`);
    this.#read = database.prepare(`SELECT last_seq FROM ${DELIVERIES} WHERE ${OF_SINK} AND source = ?`);
    this.#write = database.prepare(
      `INSERT INTO ${DELIVERIES} (run_id, sink, source, last_seq, items) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id, sink, source) DO UPDATE SET last_seq = excluded.last_seq, items = items + excluded.items`,
    );
    this.#isRejected = database.prepare(`SELECT 1 FROM ${REJECTIONS} WHERE ${OF_SINK} AND source = ? AND seq = ?`);
    this.#reject = database.prepare(
      `INSERT OR IGNORE INTO ${REJECTIONS} (run_id, sink, source, seq) VALUES (?, ?, ?, ?)`,
    );
    this.#accept = database.prepare(`DELETE FROM ${REJECTIONS} WHERE ${OF_SINK} AND source = ? AND seq = ?`);
  }

  /** Makes the tables that are not there yet. */
  static create(database: SqliteDatabase): void {
    for (const statement of CREATE) database.prepare(statement).run();
  }

  /** How many items of the run are settled: rows, or rejected. */
  get items(): number {
    return Number(onlyValue(this.#count.all(this.#runId, this.#sink)) ?? 0);
  }

  /** Forgets what was read: a transaction begins. */
  begin(): void {
    this.#marks.clear();
  }

  /**
   * Whether an item is a row. One that was rejected may not have its receipt on record, as a process was killed just then: it is
   * tried again.
   */
  isDelivered(source: string, seq: number): boolean {
    if (seq > this.#mark(source).lastSeq) return false;
    return this.#isRejected.all(this.#runId, this.#sink, source, seq).length === 0;
  }

  /** Notes what became of an item, to be committed with its row. */
  settle(source: string, seq: number, outcome: "delivered" | "rejected"): void {
    const mark = this.#mark(source);
    const isNew = seq > mark.lastSeq;
    if (isNew) {
      mark.lastSeq = seq;
      mark.settled++;
    }
    if (outcome === "rejected") this.#reject.run(this.#runId, this.#sink, source, seq);
    else if (!isNew) this.#accept.run(this.#runId, this.#sink, source, seq);
  }

  /** Writes the marks that have moved. */
  write(): void {
    for (const [source, { lastSeq, settled }] of this.#marks) {
      if (settled > 0) this.#write.run(this.#runId, this.#sink, source, lastSeq, settled);
    }
  }

  #mark(source: string): Mark {
    let mark = this.#marks.get(source);
    if (mark === undefined) {
      const lastSeq = onlyValue(this.#read.all(this.#runId, this.#sink, source));
      mark = { lastSeq: lastSeq === undefined ? -1 : Number(lastSeq), settled: 0 };
      this.#marks.set(source, mark);
    }
    return mark;
  }
}

/** The value of a row of one column, be it an object or an array, as the driver is set. */
function onlyValue(rows: readonly unknown[]): unknown {
  return rows.length === 0 ? undefined : Object.values(rows[0] as object)[0];
}
