import type { MessagePackWriter } from "./message-pack-writer.ts";

/** The fields that hold rows of numbers, and the names in each row. They are written as one flat array, row after row. */
const ROWS: ReadonlyMap<string, readonly string[]> = new Map([
  ["spans", ["lane", "first", "last"]],
  ["cause", ["lane", "first", "last"]],
  ["counts", ["type", "count"]],
]);

/** Writes a field that is a list of rows. Returns false for any other field or value, which is written as it is. */
export function writeRows(writer: MessagePackWriter, field: string, value: unknown): boolean {
  const names = ROWS.get(field);
  if (names === undefined || !Array.isArray(value)) return false;
  writer.array(value.length * names.length);
  for (const row of value as readonly Readonly<Record<string, number>>[]) {
    for (const name of names) writer.number(row[name] as number);
  }
  return true;
}

/** Makes rows of a flat array again. What cannot be rows is returned as it is, for the field's check to refuse. */
export function readRows(field: string, value: unknown): unknown {
  const names = ROWS.get(field);
  if (names === undefined || !Array.isArray(value) || value.length % names.length !== 0) return value;
  const rows: unknown[] = [];
  for (let i = 0; i < value.length; i += names.length) {
    rows.push(Object.fromEntries(names.map((name, column) => [name, (value as readonly unknown[])[i + column]])));
  }
  return rows;
}
