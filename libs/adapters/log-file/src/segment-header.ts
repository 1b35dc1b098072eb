import { FORMAT_VERSION, type RunId } from "@refold/core";

import { crc32 } from "./crc32.ts";
import { readUint64, writeUint64 } from "./uint64.ts";

/** `REFOLD`, then bytes that a transfer as text would change. */
const MAGIC: Uint8Array = Uint8Array.of(0x52, 0x45, 0x46, 0x4f, 0x4c, 0x44, 0x0d, 0x0a);

/** The length of a segment's header. Its fields: docs/format.md. */
export const SEGMENT_HEADER_BYTES = 48;

const AT = { magic: 0, format: 8, number: 12, runId: 16, firstLsn: 32, chain: 40, crc: 44 } as const;

export interface SegmentHeader {
  readonly runId: RunId;
  /** Segments are numbered densely from 1. */
  readonly number: number;
  readonly firstLsn: number;
  /** The CRC of the frame before the first of this segment; 0 when there is none. */
  readonly chain: number;
}

export function writeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, AT.magic);
  view.setUint32(AT.format, FORMAT_VERSION);
  view.setUint32(AT.number, header.number);
  bytes.set(uuidBytes(header.runId), AT.runId);
  writeUint64(view, AT.firstLsn, header.firstLsn);
  view.setUint32(AT.chain, header.chain);
  view.setUint32(AT.crc, crc32(bytes, 0, AT.crc));
  return bytes;
}

/** `undefined` when the header is cut off or fails its CRC. */
export function readSegmentHeader(bytes: Uint8Array): (SegmentHeader & { readonly format: number }) | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (MAGIC.some((byte, index) => bytes[AT.magic + index] !== byte)) return undefined;
  if (view.getUint32(AT.crc) !== crc32(bytes, 0, AT.crc)) return undefined;
  return {
    format: view.getUint32(AT.format),
    number: view.getUint32(AT.number),
    runId: uuidText(bytes.subarray(AT.runId, AT.runId + 16)),
    firstLsn: readUint64(view, AT.firstLsn),
    chain: view.getUint32(AT.chain),
  };
}

function uuidBytes(runId: RunId): Uint8Array {
  const digits = runId.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16));
}

function uuidText(bytes: Uint8Array): RunId {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") as RunId;
}
