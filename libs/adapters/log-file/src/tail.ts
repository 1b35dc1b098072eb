import { findFrames } from "./frame-format.ts";

/** The smallest unit that a disk writes as a whole. */
const SECTOR_BYTES = 512;

/**
 * Tells a write that a crash cut short from damage. `rest` is what a segment holds from the first frame on that is not
 * whole; `offset` is where it begins in the segment, `lsn` the one that the frame should have had, `length` what its
 * header says of its length.
 *
 * Nothing whole after it: a torn tail. Whole frames of a later write after it: damage, since a write begins when the one
 * before it is complete. Whole frames of the same write only: damage too, unless a sector is missing (it reads as zeros):
 * a power failure may leave the later sectors of a write and not the earlier ones.
 */
export function isTornTail(rest: Uint8Array, offset: number, lsn: number, length: number | undefined): boolean {
  let sameWrite = false;
  for (const found of findFrames(rest, 1, lsn)) {
    if (found.writeStart > 0) return false;
    sameWrite = true;
  }
  return !sameWrite || hasLostSector(rest, offset, length);
}

function hasLostSector(rest: Uint8Array, offset: number, length: number | undefined): boolean {
  const end = Math.min(rest.length, Math.max(length ?? 0, 1));
  for (let at = 0; at < end;) {
    const sectorEnd = Math.min(rest.length, (Math.floor((offset + at) / SECTOR_BYTES) + 1) * SECTOR_BYTES - offset);
    // A frame may begin with up to three zeros of its own; its length is never zero.
    if (sectorEnd - at >= 4 && isZero(rest, at, sectorEnd)) return true;
    at = sectorEnd;
  }
  return false;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
