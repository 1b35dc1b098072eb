import type { AbortSignalLike } from "./abort-signal.ts";

/** A `finite` source ends by itself. An `infinite` one has all that it was asked for whenever it is told to end. */
export type SourceExtent = "finite" | "infinite";

/** A source, described without touching the outside. */
export interface SourceConnector<T> {
  /** A finite source that is drained early was cut short, and ends `truncated`; an infinite one ends `natural`. */
  readonly extent: SourceExtent;
  /** How the source shows in a topology, for example `csv file orders.csv`. Pure. */
  describe(): string;
  /** Connects. Called once a run, when the sources are started; never in a replay. What throws or rejects fails the stage. */
  open(at: SourceOpening): SourceReader<T> | Promise<SourceReader<T>>;
}

/** Where a source is to begin, and by what it is told to end. */
export interface SourceOpening {
  /** The last cursor on record; `undefined` at the start of a run. An earlier version of the code may have given it. */
  readonly cursor: unknown;
  /** Aborted when nothing more is wanted: the run drains or is cancelled, or the source is closed before its end. */
  readonly signal: AbortSignalLike;
}

/** An open source. Calls never overlap. */
export interface SourceReader<T> {
  /**
   * Polls: gives up to `limit` items, at once or later. What throws or rejects is on record and tried again after a while, up
   * to a limit. Once the signal is aborted, what it still gives within 5 seconds goes on record, and a rejection is no fault.
   */
  read(limit: number): SourceBatch<T> | Promise<SourceBatch<T>>;
  /** Whether a failed `read` is for good: the stage fails at once. Without it, every failure is tried again. */
  isFinal?(cause: unknown): boolean;
  /** Called exactly once, however the run ends; of a read that never settles, never. */
  close?(): void | Promise<void>;
}

/** What one poll gave. */
export interface SourceBatch<T> {
  readonly items: readonly T[];
  /**
   * Where to go on after these items: plain data that can be stored. It goes on record right behind them. A source that is
   * opened at it gives what follows; items that are on record behind the last cursor are skipped.
   */
  readonly cursor?: unknown;
  /**
   * Whether the source has ended, and these were the last. It is not on record: a run that was killed behind the last items reads
   * again at their cursor, and is to be told so again.
   */
  readonly done?: boolean;
  /** How long to wait before the next read, in milliseconds. Without it: not at all, or 1,000 where there were no items. */
  readonly againMs?: number;
}
