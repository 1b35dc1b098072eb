/** Why a CSV file cannot be read or written as it is. Lines count from 1, bytes from 0. */
export type CsvFault =
  /** The record that begins at `line` is no CSV, or does not have a field for each column. */
  | {
      readonly kind: "malformed-csv";
      readonly path: string;
      readonly line: number;
      readonly column: string | undefined;
      readonly detail: string;
    }
  | { readonly kind: "csv-record-too-large"; readonly path: string; readonly line: number; readonly limitBytes: number }
  /** The header names a column twice, or in a way that no object can hold, or lacks some that were asked for. */
  | { readonly kind: "unusable-csv-header"; readonly path: string; readonly detail: string }
  /** The schema does not take the row that begins at `line`. */
  | {
      readonly kind: "csv-row-refused";
      readonly path: string;
      readonly line: number;
      readonly column: string | undefined;
      readonly message: string;
    }
  | { readonly kind: "not-utf-8"; readonly path: string; readonly line: number; readonly column: string | undefined }
  /** The cursor on record is no place in the file as it is now. */
  | { readonly kind: "unusable-csv-cursor"; readonly path: string; readonly detail: string }
  /** The progress of a sink, kept beside its file, does not fit the file, or cannot be read. */
  | { readonly kind: "unusable-csv-progress"; readonly path: string; readonly detail: string }
  /** A run is resumed whose file another one, `by`, that began later has written: going on would replace its rows. */
  | { readonly kind: "csv-of-later-run"; readonly path: string; readonly run: string; readonly by: string };

/** What is thrown by sources and sinks of CSV, through their ports. None of these goes away when tried again. */
export class CsvError extends Error {
  override readonly name: string = "CsvError";
  readonly fault: CsvFault;

  constructor(fault: CsvFault, options?: { readonly cause?: unknown }) {
    super(explainCsvFault(fault), options);
    this.fault = fault;
  }
}

/** A fault for people: the file, where in it, and what is wrong. */
export function explainCsvFault(fault: CsvFault): string {
  switch (fault.kind) {
    case "malformed-csv":
      return `${placeOf(fault)}: ${fault.detail}`;
    case "csv-record-too-large":
      return `${placeOf(fault)}: the record takes more than ${fault.limitBytes} bytes; a quote may be left open there`;
    case "unusable-csv-header":
      return `${fault.path}, header: ${fault.detail}`;
    case "csv-row-refused":
      return `${placeOf(fault)}: ${fault.message}`;
    case "not-utf-8":
      return `${placeOf(fault)}: these bytes are not UTF-8`;
    case "csv-of-later-run":
      return `${fault.path}: run ${fault.by}, which began after this one, ${fault.run}, has written the file. Move it away with its .progress to have what is left of this run written, or start a new run`;
    case "unusable-csv-cursor":
    case "unusable-csv-progress":
      return `${fault.path}: ${fault.detail}`;
  }
}

function placeOf({
  path,
  line,
  column,
}: {
  readonly path: string;
  readonly line: number;
  readonly column?: string | undefined;
}): string {
  return column === undefined ? `${path}, line ${line}` : `${path}, line ${line}, column ${column}`;
}
