import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SourceConnector, SourceReader } from "@refold/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { sourceConnectorConformance } from "@refold/testkit";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";

import { CsvError } from "./csv-fault.ts";
import { csvFile, type CsvFileOptions, type CsvRow } from "./csv-file.ts";

const ROWS = [
  { code: "A", city: "Aarhus", note: "" },
  { code: "B", city: 'Bergen, "the wet"', note: "two\r\nlines" },
  { code: "C", city: "Çeşme", note: " kept as it is " },
  { code: "D", city: "東京", note: "\u{1f6eb}" },
  { code: "E", city: "Essen", note: "'" },
] as const;

const UNIX =
  'code,city,note\nA,Aarhus,\nB,"Bergen, ""the wet""","two\r\nlines"\nC,Çeşme, kept as it is \nD,東京,🛫\nE,Essen,\'\n';

let directory: string;
let files = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-csv-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(content: string | Uint8Array): string {
  const path = join(directory, `${files++}.csv`);
  writeFileSync(path, content);
  return path;
}

const never = new AbortController().signal;

async function openAt<T>(connector: SourceConnector<T>, cursor?: unknown): Promise<SourceReader<T>> {
  return connector.open({ cursor, signal: never });
}

interface AllRead<T> {
  readonly items: readonly T[];
  /** By how many items came before. */
  readonly cursors: ReadonlyMap<number, unknown>;
  readonly error: CsvError | undefined;
}

/** All that is read, and the fault that ends it, if one does. */
async function readAll<T>(
  connector: SourceConnector<T>,
  { limit = 256, cursor }: { readonly limit?: number; readonly cursor?: unknown } = {},
): Promise<AllRead<T>> {
  const items: T[] = [];
  const cursors = new Map<number, unknown>();
  let reader: SourceReader<T> | undefined;
  try {
    reader = await openAt(connector, cursor);
    for (;;) {
      const batch = await reader.read(limit);
      items.push(...batch.items);
      if (batch.cursor !== undefined) cursors.set(items.length, batch.cursor);
      if (batch.done === true) return { items, cursors, error: undefined };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    expect(reader?.isFinal?.(error) ?? true).toBe(true);
    return { items, cursors, error };
  } finally {
    await reader?.close?.();
  }
}

/** Options for a content instead of a path. */
type Reading = Omit<CsvFileOptions<string, CsvRow>, "path">;

async function rowsOf(content: string | Uint8Array, options: Reading = {}): Promise<readonly CsvRow[]> {
  const { items, error } = await readAll(csvFile({ ...options, path: fileOf(content) }));
  if (error !== undefined) throw error;
  return items;
}

/** What the fault says, without the path before it, and how many rows came first. */
async function faultOf(content: string | Uint8Array, options: Reading = {}): Promise<readonly [number, string]> {
  const path = fileOf(content);
  const { items, error } = await readAll(csvFile({ ...options, path }));
  expect(error?.message.startsWith(path)).toBe(true);
  return [items.length, error?.message.slice(path.length) ?? ""];
}

for (const [name, content] of [
  ["of Unix", UNIX],
  ["of Windows, with a byte order mark", `\uFEFF${UNIX.replaceAll(/(?<!\r)\n/g, "\r\n")}`],
  ["without an end of its last line", UNIX.slice(0, -1)],
  ["with blank lines", UNIX.replaceAll(/(?<!\r)\n/g, "\n\r\n\n")],
] as const) {
  sourceConnectorConformance({
    name: `A CSV file ${name}`,
    runner: { describe, it },
    open: async () => ({ connector: csvFile({ path: fileOf(content) }), dispose: async () => undefined }),
    items: ROWS,
  });
}

describe("a CSV file", () => {
  it("gives the columns that are wanted, in the order in which they are wanted", async () => {
    const rows = await rowsOf(UNIX, { columns: ["note", "code"] });
    expect(rows.map((row) => Object.entries(row))[0]).toEqual([
      ["note", ""],
      ["code", "A"],
    ]);
  });

  it("takes its names from the columns where it has no header", async () => {
    expect(await rowsOf("1;2\n3;4", { header: false, columns: ["a", "b"], delimiter: ";" })).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
  });

  it.each([
    ["that is empty", ""],
    ["of nothing but a byte order mark", "\uFEFF"],
    ["of blank lines", "\n\r\n"],
    ["of a header alone", "a,b\n"],
    ["of a header alone, without an end of line", "a,b"],
  ])("%s has no rows", async (_, content) => {
    expect(await rowsOf(content)).toEqual([]);
  });

  it("has a row for an empty field that is quoted, where a blank line would have none", async () => {
    expect(await rowsOf('a\n""\n\nx\n')).toEqual([{ a: "" }, { a: "x" }]);
  });

  it("gives rows that nothing was added to by names that objects know", async () => {
    const [row = {}] = await rowsOf("constructor,toString\nx,y\n");
    expect(Object.entries(row)).toEqual([
      ["constructor", "x"],
      ["toString", "y"],
    ]);
  });

  it("is read a piece at a time, and gives what it holds wherever the pieces end", async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) => ({
      n: `${n}`,
      text: `${"é".repeat(n % 37)}${n % 5 === 0 ? '"\r\n' : ""}`,
    }));
    const content = stringify(rows, { header: true, record_delimiter: "\r\n", quote_record_delimiter: true });
    expect(content.length).toBeGreaterThan(64 * 1024 * 2);
    const path = fileOf(content);
    const { items, cursors } = await readAll(csvFile({ path }), { limit: 777 });
    expect(items).toEqual(rows);
    expect(cursors.size).toBeGreaterThan(7);
    for (const [before, cursor] of cursors) {
      const rest = await readAll(csvFile({ path }), { cursor });
      expect(rest.items).toEqual(rows.slice(before));
    }
  });

  it("gives what was written, and from each cursor what follows", async () => {
    const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
    const piece = fc.oneof(text, fc.constantFrom("", '"', ",", "\r", "\n", "\r\n", "\uFEFF", "\uFFFD", " ", "x\r"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(piece, piece), { minLength: 1, maxLength: 6 }),
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 1, max: 3 }),
        async (cells, record_delimiter, limit) => {
          const rows = cells.map(([a, b]) => ({ a, b }));
          const path = fileOf(stringify(rows, { header: true, record_delimiter, quote_record_delimiter: true }));
          const { items, cursors, error } = await readAll(csvFile({ path }), { limit });
          expect(error).toBeUndefined();
          expect(items).toEqual(rows);
          expect([...cursors.keys()].at(-1)).toBe(rows.length);
          for (const [before, cursor] of cursors) {
            const rest = await readAll(csvFile({ path }), { cursor });
            expect(rest.items).toEqual(rows.slice(before));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("a CSV file that cannot be read says in which line, and gives the rows before it", () => {
  const broken: readonly (readonly [string, string | Uint8Array, number, string, Reading?])[] = [
    [
      "a quote that is never closed",
      'a,b\n1,2\n\n3,"4\n5,6\n',
      1,
      ", line 4, column b: a quote is opened and never closed",
    ],
    [
      "text behind a closing quote",
      'a,b\r\n1,"x\r\ny"\r\n3,"4"5\r\n',
      1,
      ", line 4, column b: a quoted field goes on behind its closing quote",
    ],
    [
      "a quote within a field",
      'a,b\n1,2\n3"3,4\n',
      1,
      ", line 3, column a: a quote stands in a field that does not begin with one",
    ],
    ["a field too few", "a,b\n1,2\n\n\n3\n4,5\n", 1, ", line 5: the record has 1 fields, where there are 2 columns"],
    ["a field too many", "a,b\n1,2,3\n", 0, ", line 2: the record has 3 fields, where there are 2 columns"],
    [
      "fields that do not fit the columns",
      "1,2\n",
      0,
      ", line 1: the record has 2 fields, where there are 1 columns",
      { header: false, columns: ["a"] },
    ],
    [
      "a record beyond the limit",
      `a,b\n1,2\n3,${"x".repeat(100)}\n`,
      1,
      ", line 3: the record takes more than 64 bytes; a quote may be left open there",
      { maxRecordBytes: 64 },
    ],
    [
      "a quote that is never closed, in much text",
      `a\n1\n"${"x\n".repeat(1024 * 1024)}`,
      1,
      ", line 3: the record takes more than 1048576 bytes; a quote may be left open there",
    ],
    [
      "bytes of another encoding",
      Buffer.from("a,b\n1,\uFFFD\n3,caf\u00e9\n".replace("\uFFFD", "x"), "latin1"),
      1,
      ", line 3, column b: these bytes are not UTF-8",
    ],
    [
      "a character that is cut off at its end",
      Buffer.from("a\n1\n\u00e9").subarray(0, -1),
      1,
      ", line 3, column a: these bytes are not UTF-8",
    ],
    ["UTF-16", Buffer.from("\uFEFFa,b\n", "utf16le"), 0, ", line 1: these bytes are not UTF-8"],
    ["a header that names a column twice", "a,a\n", 0, ', header: it names column "a" twice'],
    ["a header that names what no object holds", "__proto__\n", 0, ", header: a column cannot be called __proto__"],
    [
      "a header without a column that is wanted",
      "a,b\n1,2\n",
      0,
      ', header: it does not name "c", "d", but "a", "b"',
      { columns: ["a", "c", "d"] },
    ],
    ["a header with a quote left open", 'a,"b\n1,2\n', 0, ", line 1, column 2: a quote is opened and never closed"],
  ];
  for (const [what, content, rows, message, options] of broken) {
    it(what, async () => {
      expect(await faultOf(content, options)).toEqual([rows, message]);
    });
  }

  it("fails again when it is read again", async () => {
    const reader = await openAt(csvFile({ path: fileOf("a\n1\n2,3\n") }));
    expect((await reader.read(9)).items).toEqual([{ a: "1" }]);
    await expect(reader.read(9)).rejects.toThrow("2 fields");
    await expect(reader.read(9)).rejects.toThrow("2 fields");
    await reader.close?.();
  });

  it.each([
    ["a cursor behind its end", 5, "it has 4 bytes, and was read up to byte 5 before: it was cut short, or replaced"],
    ["a cursor of another source", { page: 1 }, "its cursor on record is no byte of a file"],
  ])("%s", async (_, cursor, message) => {
    const { error } = await readAll(csvFile({ path: fileOf("a\n1\n") }), { cursor });
    expect(error?.message).toContain(message);
  });

  it("a file that is not there is the system's own error", async () => {
    await expect(openAt(csvFile({ path: join(directory, "none.csv") }))).rejects.toThrow("ENOENT");
  });
});

describe("the schema of a CSV file", () => {
  interface Order {
    readonly id: number;
  }

  /** A schema that takes whole numbers, later or at once. */
  const order = (
    validated: (result: StandardSchemaV1.Result<Order>) => ReturnType<typeof later>,
  ): StandardSchemaV1<unknown, Order> => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (row) => {
        const id = Number((row as CsvRow)["id"]);
        return validated(
          Number.isInteger(id)
            ? { value: { id } }
            : { issues: [{ message: "no whole number", path: [{ key: "id" }] }] },
        );
      },
    },
  });
  const later = (
    result: StandardSchemaV1.Result<Order>,
  ): StandardSchemaV1.Result<Order> | Promise<StandardSchemaV1.Result<Order>> => Promise.resolve(result);

  it.each([
    ["later", later],
    ["at once", (result: StandardSchemaV1.Result<Order>) => result],
  ] as const)(
    "makes items of rows, and names line and column of one that it does not take, %s",
    async (_, validated) => {
      const path = fileOf("id,name\n1,one\n2,two\n\nx,none\n4,four\n");
      const { items, error } = await readAll(csvFile({ path, schema: order(validated) }));
      expect(items).toEqual([{ id: 1 }, { id: 2 }]);
      expect(error?.fault).toEqual({
        kind: "csv-row-refused",
        path,
        line: 5,
        column: "id",
        message: "no whole number",
      });
    },
  );

  it("gives the items their type, and without one the columns do", () => {
    const path = "orders.csv";
    expectTypeOf(csvFile({ path })).toEqualTypeOf<SourceConnector<CsvRow>>();
    expectTypeOf(csvFile({ path, columns: ["id", "name"] })).toEqualTypeOf<SourceConnector<CsvRow<"id" | "name">>>();
    expectTypeOf(csvFile({ path, schema: order(later) })).toEqualTypeOf<SourceConnector<Order>>();
  });
});

describe("options of a CSV file that make no sense are refused", () => {
  it.each<readonly [string, Partial<CsvFileOptions<string, CsvRow>>, string]>([
    ["neither header nor columns", { header: false }, "needs names"],
    ["no columns", { columns: [] }, "there has to be one"],
    ["a column twice", { columns: ["a", "a"] }, "twice"],
    ["a quote as the delimiter", { delimiter: '"' }, "delimiter"],
    ["two characters as the delimiter", { delimiter: "||" }, "delimiter"],
    ["a limit of nothing", { maxRecordBytes: 0 }, "maxRecordBytes 0"],
  ])("%s", (_, options, message) => {
    expect(() => csvFile({ path: "x.csv", ...options })).toThrow(RangeError);
    expect(() => csvFile({ path: "x.csv", ...options })).toThrow(message);
  });
});
