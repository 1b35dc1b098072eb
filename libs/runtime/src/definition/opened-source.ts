import type { AbortSignalLike, SourceReader } from "@refold/core";

/** How far the record of a source goes. At the start there is no cursor, and both counts are 0. */
export interface SourcePlace {
  /** The last cursor on record. */
  readonly cursor: unknown;
  /** How many data records the lane holds. */
  readonly items: number;
  /** How many of them stand behind the last cursor. */
  readonly itemsSinceCursor: number;
}

export const SOURCE_START: SourcePlace = { cursor: undefined, items: 0, itemsSinceCursor: 0 };

/** A source that is open, whatever it was made of. */
export interface OpenedSource {
  readonly reader: SourceReader<unknown>;
  /** How many items of the reader are on record already, and are dropped. */
  readonly skip: number;
  /** Whether a read that is under way hears the signal, so that its last items are worth waiting for. */
  readonly hearsSignal: boolean;
  /** Whether one object may come twice in a row and mean what it says, as in a list. */
  readonly mayRepeat: boolean;
}

/** Opens a source where its record ends. Never called in a replay. */
export type OpenSource = (place: SourcePlace, signal: AbortSignalLike) => OpenedSource | Promise<OpenedSource>;
