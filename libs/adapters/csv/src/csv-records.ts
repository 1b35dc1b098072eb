import { TextDecoder } from "node:util";

import { Parser, type CsvError as LibraryError } from "csv-parse";

/** A record as it stands in the file. */
export interface CsvRecord {
  readonly fields: readonly string[];
  /** The byte of the file where it begins; blank lines may come first. */
  readonly startByte: number;
  /** The byte behind it and its end of line. */
  readonly endByte: number;
}

/** Why the text goes on in no way that could be read. */
export type CsvBreak =
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed"; readonly field: number | undefined; readonly detail: string };

/** Takes the bytes of a file in pieces, from a record's beginning on, and splits them into records. */
export class CsvRecords {
  readonly #parser: Parser;
  readonly #records: CsvRecord[] = [];
  readonly #decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true });
  #isUtf8 = true;
  #broken: CsvBreak | undefined;
  #endByte: number;

  constructor(options: { readonly startByte: number; readonly delimiter: string; readonly maxRecordBytes: number }) {
    const { startByte, delimiter, maxRecordBytes } = options;
    this.#endByte = startByte;
    this.#parser = new Parser({
      delimiter,
      max_record_size: maxRecordBytes,
      // Found out by itself it would be the first one of the file, or of what is read of it from a cursor on.
      record_delimiter: ["\r\n", "\n"],
      skip_empty_lines: true,
      // Records are counted against the columns where these are known.
      relax_column_count: true,
      // Nothing is passed on: the records are taken here, so the stream never holds back.
      on_record: (fields: string[], { bytes }) => {
        const endByte = startByte + bytes;
        this.#records.push({ fields, startByte: this.#endByte, endByte });
        this.#endByte = endByte;
        return undefined;
      },
    });
    // It is told of by the calls as well.
    this.#parser.on("error", () => undefined);
    this.#parser.resume();
  }

  /** How many records can be taken. */
  get length(): number {
    return this.#records.length;
  }

  /** Whether all bytes so far were UTF-8. Of others, a field shows U+FFFD in their place. */
  get isUtf8(): boolean {
    return this.#isUtf8;
  }

  /** What comes after the records that can be taken, if nothing can be read there. */
  get broken(): CsvBreak | undefined {
    return this.#broken;
  }

  /** The byte behind the last record. */
  get endByte(): number {
    return this.#endByte;
  }

  take(limit: number): readonly CsvRecord[] {
    return this.#records.splice(0, limit);
  }

  /** The bytes are the parser's from here on. */
  feed(bytes: Uint8Array): Promise<void> {
    this.#checkUtf8(bytes);
    return this.#settled((done) => this.#parser.write(bytes, done));
  }

  /** The file has ended. */
  end(): Promise<void> {
    this.#checkUtf8(undefined);
    return this.#settled((done) => this.#parser.end(done));
  }

  #checkUtf8(bytes: Uint8Array | undefined): void {
    if (!this.#isUtf8) return;
    try {
      this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      this.#isUtf8 = false;
    }
  }

  #settled(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve) => {
      act((error) => {
        if (error !== undefined && error !== null) this.#broken ??= breakOf(error);
        resolve();
      });
    });
  }
}

function breakOf(error: Error): CsvBreak {
  // The parser fails with nothing else; of its fields no more is taken for granted than is looked at.
  const { code = "", column } = error as Partial<LibraryError>;
  if (code === "CSV_MAX_RECORD_SIZE") return { kind: "too-large" };
  const field = typeof column === "number" ? column : undefined;
  return { kind: "malformed", field, detail: DETAILS.get(code) ?? error.message };
}

/** What the parser tells of with lines of its own count, which takes each CRLF within quotes for two. */
const DETAILS: ReadonlyMap<string, string> = new Map([
  ["CSV_QUOTE_NOT_CLOSED", "a quote is opened and never closed"],
  ["CSV_INVALID_CLOSING_QUOTE", "a quoted field goes on behind its closing quote"],
  ["INVALID_OPENING_QUOTE", "a quote stands in a field that does not begin with one"],
]);
