import type { SourceConnector } from "@refold/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";

import { checkColumns, checkDelimiter } from "./csv-columns.ts";
import { CsvFileReader } from "./csv-file-reader.ts";

const MAX_RECORD_BYTES = 1024 * 1024;

/** A row: the text of each column. */
export type CsvRow<C extends string = string> = { readonly [K in C]: string };

export interface CsvFileOptions<C extends string, T> {
  /** A regular file, UTF-8, with or without a byte order mark. A relative path is one from the working directory. */
  readonly path: string;
  /**
   * With a header: the columns that are wanted, all of which it has to name; without it, all that it names. Where the file has
   * no header: the names of all its columns, in order.
   */
  readonly columns?: readonly C[];
  /** Whether the first record names the columns. It does, unless this is `false`; then `columns` has to. */
  readonly header?: boolean;
  /** One character: a comma, unless it is given. */
  readonly delimiter?: string;
  /**
   * What each row is parsed by; the source gives what it makes of them, such as numbers. A row that it does not take fails the
   * source with file, line and column. Where bad rows are to be set aside and the run is to go on, leave it out, and
   * `tryMap` the rows.
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /** The most bytes that one record may take: 1 MiB, unless it is given. It bounds what a quote that is never closed costs. */
  readonly maxRecordBytes?: number;
}

/**
 * The rows of a CSV file, by the rules of RFC 4180, with lines that end in LF or CRLF, and blank lines left out. Its cursor is
 * the byte behind a record: a run that is resumed reads the header and then goes on from there, without parsing what came
 * before. Throws a RangeError for options that make no sense; what is wrong with the file is a {@link CsvError}.
 */
export function csvFile<const C extends string = string, T = CsvRow<C>>(
  options: CsvFileOptions<C, T>,
): SourceConnector<T> {
  const { path, columns, header = true, delimiter = ",", schema, maxRecordBytes = MAX_RECORD_BYTES } = options;
  if (columns !== undefined) checkColumns(columns);
  if (!header && columns === undefined) throw new RangeError("columns: a file without a header needs names for them");
  checkDelimiter(delimiter);
  if (!Number.isSafeInteger(maxRecordBytes) || maxRecordBytes < 1) {
    throw new RangeError(`maxRecordBytes ${maxRecordBytes}: it has to be a whole number from 1`);
  }
  return {
    extent: "finite",
    describe: () => `csv file ${path}`,
    open: (at) => CsvFileReader.open({ path, columns, header, delimiter, schema, maxRecordBytes }, at),
  };
}
