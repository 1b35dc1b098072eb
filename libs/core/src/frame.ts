import type { LaneId, LaneSeq, Lsn } from "./place.ts";
import type { LogRecord } from "./record.ts";

/** What a lane's writer appends: records of one lane that are on record together or not at all. */
export interface FrameDraft {
  readonly lane: LaneId;
  /** When the step was taken, in milliseconds since 1970, by the clock of the run. */
  readonly timeMs: number;
  /** The seq of the first record; the others follow densely. */
  readonly firstSeq: LaneSeq;
  readonly records: readonly LogRecord[];
}

/** A frame as a store keeps it. The body is read by a `FrameDecoder`. */
export interface StoredFrame {
  readonly lsn: Lsn;
  readonly lane: LaneId;
  readonly timeMs: number;
  readonly firstSeq: LaneSeq;
  readonly count: number;
  readonly body: Uint8Array;
}

/** A stored frame with its records. */
export interface DecodedFrame extends StoredFrame {
  readonly records: readonly LogRecord[];
}
