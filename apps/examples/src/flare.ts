import { dataFile } from "./data-file.ts";

/** A class, or a package of classes and packages, of the library `flare`. */
export interface FlareNode {
  readonly id: number;
  readonly name: string;
  /** The package that it is in; only the outermost has none. */
  readonly parent: number | undefined;
  /** Of a class, in bytes. */
  readonly bytes: number | undefined;
}

/** The classes and packages, a package before what is in it. */
export function readFlare(): readonly FlareNode[] {
  const rows: unknown = JSON.parse(dataFile("flare.json"));
  if (!Array.isArray(rows)) throw new TypeError("flare.json: not a list");
  return rows.map(readNode);
}

function readNode(row: unknown, index: number): FlareNode {
  const { id, name, parent, size } = row as Readonly<Record<string, unknown>>;
  const isOptional = (value: unknown): value is number | undefined =>
    value === undefined || Number.isSafeInteger(value);
  const isNode = Number.isSafeInteger(id) && typeof name === "string" && isOptional(parent) && isOptional(size);
  if (!isNode) throw new TypeError(`flare.json, row ${index}: not a class or a package`);
  return { id: id as number, name, parent, bytes: size };
}
