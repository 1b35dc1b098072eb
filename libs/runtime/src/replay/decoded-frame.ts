import type { LogRecord, StoredFrame } from "@refold/core";

/** A stored frame with its records. */
export interface DecodedFrame extends StoredFrame {
  readonly records: readonly LogRecord[];
}
