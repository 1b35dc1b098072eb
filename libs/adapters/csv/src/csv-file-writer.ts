import { open, type FileHandle } from "node:fs/promises";

import {
  parsePlace,
  SinkFailure,
  type CommitHandle,
  type DeliveryBatch,
  type SinkContext,
  type SinkWriter,
  type WriteReceipt,
} from "@refold/core";
import { stringify } from "csv-stringify/sync";

import { cellText } from "./cell-text.ts";
import { columnsProblem } from "./csv-columns.ts";
import { CsvError } from "./csv-fault.ts";
import { readProgress, writeProgress, type SinkProgress } from "./sink-progress.ts";

/** What is buffered beyond this goes to the file before it is committed. */
const BUFFERED_BYTES = 1024 * 1024;

/** A CSV file to be written, as its options say with all defaults filled in. */
export interface CsvSinkFormat {
  readonly path: string;
  readonly columns: readonly string[] | undefined;
  readonly header: boolean;
  readonly delimiter: string;
}

/** The file of a run, from its first row on. */
interface OpenedFile {
  readonly file: FileHandle;
  readonly run: string;
  readonly columns: readonly string[];
  /** Bytes of the file, committed or not; the next go behind them. */
  bytes: number;
  /** The last item of each stage that is in the file or among the buffered rows. */
  readonly lanes: Map<string, number>;
}

/** Writes rows behind those that are committed. */
export class CsvFileWriter implements SinkWriter<object> {
  readonly #format: CsvSinkFormat;
  readonly #context: SinkContext;
  #opened: OpenedFile | undefined;
  #text = "";
  #handles: CommitHandle[] = [];

  constructor(format: CsvSinkFormat, context: SinkContext) {
    this.#format = format;
    this.#context = context;
  }

  async write(batch: DeliveryBatch<object>): Promise<WriteReceipt> {
    const rows: (readonly string[])[] = [];
    for (const [index, item] of batch.items.entries()) {
      try {
        const { stage, seq } = keyParts(batch.key(index));
        this.#opened ??= await this.#open(item, index);
        const row = this.#row(item, this.#opened.columns, index);
        // A process that was killed had committed it, and not seen its receipt on record.
        if (seq <= (this.#opened.lanes.get(stage) ?? -1)) continue;
        rows.push(row);
        this.#opened.lanes.set(stage, seq);
      } catch (cause) {
        // What came before the item stands, so it is to be kept as well.
        if (cause instanceof SinkFailure && index > 0) await this.#buffer(rows, batch);
        throw cause;
      }
    }
    await this.#buffer(rows, batch);
    return { outcome: "buffered" };
  }

  async flush(): Promise<void> {
    await this.#writeOut();
    const opened = this.#opened;
    if (opened === undefined || this.#handles.length === 0) return;
    await opened.file.datasync();
    await writeProgress(this.#format.path, progressOf(opened));
    for (const handle of this.#handles.splice(0)) this.#context.commit(handle);
  }

  async close(): Promise<void> {
    await this.#opened?.file.close();
  }

  async #buffer(rows: readonly (readonly string[])[], batch: DeliveryBatch<object>): Promise<void> {
    this.#text += this.#textOf(rows);
    this.#handles.push(batch.buffer());
    if (this.#text.length >= BUFFERED_BYTES) await this.#writeOut();
  }

  async #writeOut(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined || this.#text === "") return;
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await opened.file.write(bytes, at, bytes.length - at, opened.bytes);
      opened.bytes += bytesWritten;
      at += bytesWritten;
    }
  }

  /** Goes on with the file if it is this run's, and begins it anew if it is not. */
  async #open(first: object, index: number): Promise<OpenedFile> {
    const { path, header } = this.#format;
    const { runId: run, resumed } = this.#context;
    const kept = await readProgress(path);
    if (kept?.run === run) return this.#goOn(kept);
    // Ids of runs ascend in the order in which they begin.
    if (resumed && kept !== undefined && kept.run > run) {
      throw new CsvError({ kind: "csv-of-later-run", path, run, by: kept.run });
    }
    const columns = this.#format.columns ?? this.#columnsOf(first, index);
    const progress: SinkProgress = { run, bytes: 0, columns, lanes: {} };
    // From here on the file is this run's: a process that is killed now finds nothing of it committed.
    await writeProgress(path, progress);
    const file = await open(path, "w");
    if (header) this.#text = this.#textOf([columns]);
    return { file, run, columns, bytes: 0, lanes: new Map() };
  }

  async #goOn(kept: SinkProgress): Promise<OpenedFile> {
    const { path, columns, header } = this.#format;
    if (columns !== undefined && columns.join("\n") !== kept.columns.join("\n")) {
      throw unusable(path, `its columns are ${kept.columns.join(", ")}: this run began it so`);
    }
    const file = await open(path, kept.bytes === 0 ? "w" : "r+");
    const { size } = await file.stat();
    if (size < kept.bytes) {
      await file.close();
      throw unusable(path, `it has ${size} bytes, where ${kept.bytes} are committed: it was cut short, or replaced`);
    }
    await file.truncate(kept.bytes);
    if (header && kept.bytes === 0) this.#text = this.#textOf([kept.columns]);
    return {
      file,
      run: kept.run,
      columns: kept.columns,
      bytes: kept.bytes,
      lanes: new Map(Object.entries(kept.lanes)),
    };
  }

  #columnsOf(first: object, index: number): readonly string[] {
    const columns = Object.keys(first);
    const problem = columns.length === 0 ? "it has no columns" : columnsProblem(columns);
    if (problem !== undefined) throw refused(index, problem);
    return columns;
  }

  #row(item: object, columns: readonly string[], index: number): readonly string[] {
    if (this.#format.columns === undefined) {
      const unknown = Object.keys(item).find((key) => !columns.includes(key));
      if (unknown !== undefined) throw refused(index, `the file has no column ${JSON.stringify(unknown)}`);
    }
    return columns.map((column) => {
      // Whatever an item holds is looked at before it is written.
      const text = cellText(Object.hasOwn(item, column) ? (item as Readonly<Record<string, unknown>>)[column] : "");
      if (text === undefined) throw refused(index, `column ${JSON.stringify(column)}: a cell cannot hold this value`);
      return text;
    });
  }

  #textOf(rows: readonly (readonly string[])[]): string {
    return stringify([...rows], {
      delimiter: this.#format.delimiter,
      record_delimiter: "\n",
      // Of both kinds, also where the file's own is given.
      quote_record_delimiter: true,
      // A single empty cell would be a blank line, which readers leave out.
      quoted_empty: rows[0]?.length === 1,
      // At the beginning of a file it would be taken for a byte order mark.
      quoted_match: /^\uFEFF/,
    });
  }
}

function keyParts(key: string): { readonly stage: string; readonly seq: number } {
  const place = parsePlace(key.slice(key.indexOf("/") + 1));
  if (place === undefined) throw new TypeError(`${JSON.stringify(key)} is no key of an item`);
  return place;
}

function progressOf({ run, bytes, columns, lanes }: OpenedFile): SinkProgress {
  return { run, bytes, columns, lanes: Object.fromEntries(lanes) };
}

function refused(index: number, message: string): SinkFailure {
  return new SinkFailure({ kind: "item", index, error: "validation", message });
}

function unusable(path: string, detail: string): CsvError {
  return new CsvError({ kind: "unusable-csv-progress", path, detail });
}
