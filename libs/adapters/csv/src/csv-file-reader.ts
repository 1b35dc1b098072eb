import { open, type FileHandle } from "node:fs/promises";

import type { SourceBatch, SourceOpening, SourceReader } from "@refold/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";

import { columnsProblem } from "./csv-columns.ts";
import { CsvError } from "./csv-fault.ts";
import { CsvRecords, type CsvBreak, type CsvRecord } from "./csv-records.ts";
import { lineAt } from "./line-at.ts";

const CHUNK_BYTES = 64 * 1024;

/** A CSV file, as its options say with all defaults filled in. */
export interface CsvFileFormat<T> {
  readonly path: string;
  readonly columns: readonly string[] | undefined;
  readonly header: boolean;
  readonly delimiter: string;
  readonly schema: StandardSchemaV1<unknown, T> | undefined;
  readonly maxRecordBytes: number;
}

/** Reads the rows of an open file. */
export class CsvFileReader<T> implements SourceReader<T> {
  readonly #format: CsvFileFormat<T>;
  readonly #file: FileHandle;
  readonly #signal: SourceOpening["signal"];
  /** The names of all fields of a record; `undefined` in a file without a record, which has none. */
  #fields: readonly string[] | undefined;
  /** The names of the fields that are wanted, with their places among all. */
  #wanted: readonly (readonly [name: string, field: number])[] = [];
  #records: CsvRecords;
  /** The next byte to be read. */
  #position = 0;
  #hasEnded = false;
  /** Why nothing more can be read. */
  #failure: { readonly cause: unknown } | undefined;

  private constructor(format: CsvFileFormat<T>, file: FileHandle, signal: SourceOpening["signal"]) {
    this.#format = format;
    this.#file = file;
    this.#signal = signal;
    this.#records = this.#recordsFrom(0);
  }

  static async open<T>(format: CsvFileFormat<T>, { cursor, signal }: SourceOpening): Promise<CsvFileReader<T>> {
    const file = await open(format.path, "r");
    try {
      const reader = new CsvFileReader(format, file, signal);
      await reader.#begin();
      if (cursor !== undefined) await reader.#goOn(cursor);
      return reader;
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  async read(limit: number): Promise<SourceBatch<T>> {
    if (this.#failure !== undefined) throw this.#failure.cause;
    await this.#findRecord();
    const records = this.#records.take(limit);
    const items: T[] = [];
    try {
      for (const record of records) items.push(await this.#item(record));
      if (this.#records.length === 0 && this.#records.broken !== undefined)
        throw await this.#failed(this.#records.broken);
    } catch (cause) {
      this.#failure = { cause };
      // What was read before it still goes on record.
      if (items.length === 0) throw cause;
    }
    const last = records[items.length - 1];
    const done = this.#hasEnded && this.#records.length === 0 && this.#failure === undefined;
    return last === undefined ? { items, done } : { items, cursor: last.endByte, done };
  }

  /** What is wrong with the file stays wrong; what the system refuses, such as a share that is gone, may come back. */
  isFinal(): boolean {
    return this.#failure !== undefined;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Finds the columns, and the first row. */
  async #begin(): Promise<void> {
    const { path, header, columns } = this.#format;
    const mark = new Uint8Array(3);
    await this.#file.read(mark, 0, 3, 0);
    const [a, b, c] = mark;
    if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
      throw new CsvError({ kind: "not-utf-8", path, line: 1, column: undefined });
    }
    this.#seek(a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0);
    if (!header) return this.#name(columns ?? []);
    await this.#findRecord();
    const [first] = this.#records.take(1);
    if (first !== undefined) {
      await this.#checkText(first);
      return this.#name(first.fields);
    }
    if (this.#records.broken !== undefined) throw await this.#failed(this.#records.broken);
  }

  #name(fields: readonly string[]): void {
    const { path, columns = fields } = this.#format;
    const problem = columnsProblem(fields);
    if (problem !== undefined) throw new CsvError({ kind: "unusable-csv-header", path, detail: problem });
    const missing = columns.filter((name) => !fields.includes(name));
    if (missing.length > 0) {
      const names = (list: readonly string[]): string => list.map((name) => JSON.stringify(name)).join(", ");
      const detail = `it does not name ${names(missing)}, but ${names(fields)}`;
      throw new CsvError({ kind: "unusable-csv-header", path, detail });
    }
    this.#fields = fields;
    this.#wanted = columns.map((name) => [name, fields.indexOf(name)]);
  }

  /** Goes on where a run that is resumed has left off. */
  async #goOn(cursor: unknown): Promise<void> {
    const { path } = this.#format;
    if (typeof cursor !== "number" || !Number.isSafeInteger(cursor) || cursor < 0) {
      throw new CsvError({ kind: "unusable-csv-cursor", path, detail: "its cursor on record is no byte of a file" });
    }
    const { size } = await this.#file.stat();
    if (cursor > size) {
      const detail = `it has ${size} bytes, and was read up to byte ${cursor} before: it was cut short, or replaced`;
      throw new CsvError({ kind: "unusable-csv-cursor", path, detail });
    }
    this.#seek(cursor);
  }

  #seek(startByte: number): void {
    this.#position = startByte;
    this.#hasEnded = false;
    this.#records = this.#recordsFrom(startByte);
  }

  #recordsFrom(startByte: number): CsvRecords {
    const { delimiter, maxRecordBytes } = this.#format;
    return new CsvRecords({ startByte, delimiter, maxRecordBytes });
  }

  /** Reads on until there is a record, or none can come, or none is wanted any more. */
  async #findRecord(): Promise<void> {
    const records = this.#records;
    while (records.length === 0 && records.broken === undefined && !this.#hasEnded && !this.#signal.aborted) {
      // The parser keeps what it is given.
      const chunk = new Uint8Array(CHUNK_BYTES);
      const { bytesRead } = await this.#file.read(chunk, 0, CHUNK_BYTES, this.#position);
      this.#position += bytesRead;
      this.#hasEnded = bytesRead === 0;
      await (this.#hasEnded ? records.end() : records.feed(chunk.subarray(0, bytesRead)));
    }
  }

  async #item(record: CsvRecord): Promise<T> {
    const { path, schema } = this.#format;
    const { fields, startByte } = record;
    const expected = this.#fields?.length ?? 0;
    if (fields.length !== expected) {
      const detail = `the record has ${fields.length} fields, where there are ${expected} columns`;
      throw await this.#malformed(startByte, undefined, detail);
    }
    await this.#checkText(record);
    const row: Record<string, string> = {};
    for (const [name, field] of this.#wanted) row[name] = fields[field] as string;
    // Without a schema the items are the rows: so says the type of what makes the connector.
    if (schema === undefined) return row as T;
    const result = schema["~standard"].validate(row);
    const { issues, ...valid } = result instanceof Promise ? await result : result;
    if (issues === undefined) return (valid as StandardSchemaV1.SuccessResult<T>).value;
    const [issue] = issues;
    const step = issue?.path?.[0];
    const key = typeof step === "object" ? step.key : step;
    throw new CsvError({
      kind: "csv-row-refused",
      path,
      line: await lineAt(this.#file, startByte),
      column: key === undefined ? undefined : String(key),
      message: issue?.message ?? "the schema does not take the row",
    });
  }

  /** A file that is not UTF-8 is refused where that shows first. */
  async #checkText({ fields, startByte }: CsvRecord): Promise<void> {
    if (this.#records.isUtf8) return;
    const field = fields.findIndex((text) => text.includes("\uFFFD"));
    if (field < 0) return;
    const { path } = this.#format;
    const line = await lineAt(this.#file, startByte);
    throw new CsvError({ kind: "not-utf-8", path, line, column: this.#columnOf(field) });
  }

  async #failed(broken: CsvBreak): Promise<CsvError> {
    const startByte = this.#records.endByte;
    if (broken.kind === "malformed") return this.#malformed(startByte, broken.field, broken.detail);
    const { path, maxRecordBytes: limitBytes } = this.#format;
    const line = await lineAt(this.#file, startByte);
    return new CsvError({ kind: "csv-record-too-large", path, line, limitBytes });
  }

  async #malformed(startByte: number, field: number | undefined, detail: string): Promise<CsvError> {
    const { path } = this.#format;
    const line = await lineAt(this.#file, startByte);
    const column = field === undefined ? undefined : this.#columnOf(field);
    return new CsvError({ kind: "malformed-csv", path, line, column, detail });
  }

  /** The name of a field, or its number from 1 where it has none. */
  #columnOf(field: number): string {
    return this.#fields?.[field] ?? `${field + 1}`;
  }
}
