import { crc32 as nativeCrc32 } from "node:zlib";

/** The native one costs a call across the boundary of the engine: up to this many bytes the table is as fast or faster. */
const TABLE_UP_TO_BYTES = 64;

const TABLE: Uint32Array = new Uint32Array(256).map((_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/**
 * The CRC-32 of `bytes` from `start` to `end`, as an unsigned integer: that of zlib, PNG and Ethernet (polynomial
 * 0xEDB88320, reflected, inverted before and after).
 */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > TABLE_UP_TO_BYTES) return nativeCrc32(bytes.subarray(start, end));
  let crc = -1;
  // Both indices are within their arrays: `at` is below `end`, and a byte is below 256.
  for (let at = start; at < end; at++) crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
