import type { FlushPolicy, SinkConnector } from "@refold/core";

import { checkColumns, checkDelimiter } from "./csv-columns.ts";
import { CsvFileWriter } from "./csv-file-writer.ts";

const FLUSH_ITEMS = 100;

export interface CsvSinkOptions {
  /** The file that is written. Its folder has to exist. A relative path is one from the working directory. */
  readonly path: string;
  /**
   * What is written of each item, in order; what else it has is left out. Unless they are given, the columns are what the first
   * item has, and an item that has more is refused.
   */
  readonly columns?: readonly string[];
  /** Whether the first record names the columns. It does, unless this is `false`. */
  readonly header?: boolean;
  /** One character: a comma, unless it is given. */
  readonly delimiter?: string;
  /** When rows are made safe: after every 100, unless it is given. Each flush waits for the disk. */
  readonly flush?: FlushPolicy;
}

/**
 * Writes items as rows of a CSV file: UTF-8, lines that end in LF, quotes where they are needed. Cells hold text, numbers,
 * booleans, dates (ISO 8601) and nothing; an item with any other value fails with the name of its column, and the run goes on.
 *
 * Each row is in the file exactly once, also when a process is killed and the run resumed: how much of the file is committed is
 * kept beside it, in `<path>.progress`, and what a crash left behind that is cut off. A new run replaces the file, when it has
 * a first row; a run that is resumed fails rather than replace the file of one that began later. Two sinks cannot share a file.
 * Throws a RangeError for options that make no sense.
 */
export function csvSink(options: CsvSinkOptions): SinkConnector<object> {
  const { path, columns, header = true, delimiter = ",", flush = { everyItems: FLUSH_ITEMS } } = options;
  if (columns !== undefined) checkColumns(columns);
  checkDelimiter(delimiter);
  return {
    guarantee: "exactly-once",
    flush,
    describe: () => `csv file ${path}`,
    open: (context) => new CsvFileWriter({ path, columns, header, delimiter }, context),
  };
}
