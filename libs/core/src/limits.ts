/** The largest body of a frame, in bytes. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/** The largest encoding of one payload, in bytes. */
export const MAX_PAYLOAD_BYTES: number = 4 * 1024 * 1024;

/** How deep objects, arrays, maps and sets may nest in one payload. */
export const MAX_PAYLOAD_DEPTH = 64;

/** How many records one frame may hold. */
export const MAX_FRAME_RECORDS = 65_535;

/** How many lanes a run may have, `system` included. */
export const MAX_LANES = 65_535;
