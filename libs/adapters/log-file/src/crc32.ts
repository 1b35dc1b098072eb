import * as zlib from "node:zlib";

/**
 * CRC-32 as in zlib, PNG and Ethernet (polynomial 0xEDB88320, reflected, inverted before and after).
 * The native one costs a call across the boundary of the engine; below this many bytes the table is faster.
 */
const TABLE_UP_TO_BYTES = 350;

const TABLES: readonly Uint32Array[] = slicingTables();

/** The CRC-32 of `bytes` from `start` to `end`, as an unsigned integer. */
export const crc32: (bytes: Uint8Array, start: number, end: number) => number =
  // Node 20.15 and later, Bun and Deno have it.
  typeof zlib.crc32 === "function"
    ? (bytes, start, end) =>
        end - start <= TABLE_UP_TO_BYTES ? crc32ByTable(bytes, start, end) : zlib.crc32(bytes.subarray(start, end))
    : crc32ByTable;

/** Slicing by eight: M. E. Kounavis and F. L. Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation". */
export function crc32ByTable(bytes: Uint8Array, start: number, end: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as readonly [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = -1;
  let at = start;
  // Every index is within its table and its bytes: a table has 256 entries, and the loops end at `end`.
  for (const last = end - 8; at <= last; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (t7[low & 0xff] as number) ^
      (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[bytes[at + 4] as number] as number) ^
      (t2[bytes[at + 5] as number] as number) ^
      (t1[bytes[at + 6] as number] as number) ^
      (t0[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function slicingTables(): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    first[n] = c;
  }
  const tables = [first];
  for (let k = 1; k < 8; k++) {
    const before = tables[k - 1] as Uint32Array;
    tables.push(before.map((c) => (first[c & 0xff] as number) ^ (c >>> 8)));
  }
  return tables;
}
