import { MAX_FRAME_BYTES, type FrameDraft, type LaneId, type LaneSeq, type Lsn, type StoredFrame } from "@refold/core";

import { crc32 } from "./crc32.ts";
import { readUint64, writeUint64 } from "./uint64.ts";

/** The length of a frame's header; the body follows. Its fields: docs/format.md. */
export const FRAME_HEADER_BYTES = 48;

const AT = {
  length: 0,
  writeOffset: 4,
  crc: 8,
  headCrc: 12,
  lsn: 16,
  chain: 24,
  lane: 28,
  count: 30,
  timeMs: 32,
  firstSeq: 40,
} as const;

/** Where a frame stands in its log. */
export interface FramePlace {
  readonly lsn: number;
  /** The CRC of the frame before; 0 when there is none. */
  readonly chain: number;
}

/**
 * Writes the header of the frame that lies in `bytes` from `start` to `end`, its body being in place already. The bytes from
 * 0 to `start` are those of the frames that go into the same write.
 * Returns its CRC, which is the chain of the next frame.
 */
export function sealFrame(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  draft: FrameDraft,
  lsn: number,
  chain: number,
): number {
  view.setUint32(start + AT.length, end - start);
  view.setUint32(start + AT.writeOffset, start);
  writeUint64(view, start + AT.lsn, lsn);
  view.setUint32(start + AT.chain, chain);
  view.setUint16(start + AT.lane, draft.lane);
  view.setUint16(start + AT.count, draft.records.length);
  view.setFloat64(start + AT.timeMs, draft.timeMs);
  writeUint64(view, start + AT.firstSeq, draft.firstSeq);
  const crc = crc32(bytes, start + AT.lsn, end);
  view.setUint32(start + AT.crc, crc);
  view.setUint32(start + AT.headCrc, crc32(bytes, start, start + AT.headCrc));
  return crc;
}

/** What stands at one place of a segment. */
export type FrameCheck =
  | { readonly kind: "frame"; readonly length: number; readonly crc: number }
  /** The bytes end before the frame does. `length` is that of the frame, when they reach that far. */
  | { readonly kind: "short"; readonly length: number | undefined }
  /** `length` is that of the frame, when its head is whole. */
  | { readonly kind: "corrupt"; readonly length: number | undefined; readonly detail: string }
  /** A whole frame, but not the one that belongs here: one was lost, swapped or repeated. */
  | { readonly kind: "misplaced"; readonly detail: string };

/** Checks the frame that begins at `at` against its CRCs and against the place it should have. */
export function checkFrame(bytes: Uint8Array, view: DataView, at: number, place: FramePlace): FrameCheck {
  const available = bytes.length - at;
  if (available < FRAME_HEADER_BYTES) return { kind: "short", length: undefined };
  const length = headOf(bytes, view, at);
  if (length === undefined) return { kind: "corrupt", length, detail: "the checksum of its head does not hold" };
  if (length > available) return { kind: "short", length };
  const crc = view.getUint32(at + AT.crc);
  if (crc32(bytes, at + AT.lsn, at + length) !== crc) {
    return { kind: "corrupt", length, detail: "its checksum does not hold" };
  }
  const lsn = readUint64(view, at + AT.lsn);
  if (lsn !== place.lsn) return { kind: "misplaced", detail: `the frame with lsn ${lsn} stands here` };
  if (view.getUint32(at + AT.chain) !== place.chain) {
    return { kind: "misplaced", detail: "it does not follow the frame before it" };
  }
  return { kind: "frame", length, crc };
}

/** The length of a frame whose head is whole. */
function headOf(bytes: Uint8Array, view: DataView, at: number): number | undefined {
  const length = view.getUint32(at + AT.length);
  if (length < FRAME_HEADER_BYTES || length > FRAME_HEADER_BYTES + MAX_FRAME_BYTES) return undefined;
  return view.getUint32(at + AT.headCrc) === crc32(bytes, at, at + AT.headCrc) ? length : undefined;
}

/** The frame that begins at `at` and passed {@link checkFrame}. Its body is a view on `bytes`. */
export function readFrame(bytes: Uint8Array, view: DataView, at: number, length: number): StoredFrame {
  return {
    lsn: readUint64(view, at + AT.lsn) as Lsn,
    lane: view.getUint16(at + AT.lane) as LaneId,
    timeMs: view.getFloat64(at + AT.timeMs),
    firstSeq: readUint64(view, at + AT.firstSeq) as LaneSeq,
    count: view.getUint16(at + AT.count),
    body: bytes.subarray(at + FRAME_HEADER_BYTES, at + length),
  };
}

/** The places of whole frames in `bytes` from `start` on, at any offset, whose lsn is above `lsn`. */
export function* findFrames(
  bytes: Uint8Array,
  start: number,
  lsn: number,
): Generator<{ readonly at: number; readonly writeStart: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const highest = lsn + Math.ceil(bytes.length / FRAME_HEADER_BYTES);
  for (let at = start; at + FRAME_HEADER_BYTES <= bytes.length; at++) {
    const found = readUint64(view, at + AT.lsn);
    if (found <= lsn || found > highest) continue;
    const length = headOf(bytes, view, at);
    if (length === undefined || at + length > bytes.length) continue;
    if (view.getUint32(at + AT.crc) !== crc32(bytes, at + AT.lsn, at + length)) continue;
    yield { at, writeStart: at - view.getUint32(at + AT.writeOffset) };
    at += length - 1;
  }
}
