import type { AbortSignalLike } from "@refold/core";

import type { HistoryReplayOptions } from "./history-replay.ts";
import type { ReplayPartFault } from "./replay-part.ts";
import type { ReplayFault } from "./replay-report.ts";

/** What is replayed, with what, and how. */
export interface ReplayOptions extends Omit<HistoryReplayOptions, "part"> {
  /**
   * The last record that is replayed: the number of its frame, or its place, `stage:seq`. A frame is atomic, so what stands
   * behind the record in its frame is replayed as well. Without it, all of the run.
   */
  readonly until?: string;
  /**
   * Hands frames on at the distances of time at which they were recorded, so many times as fast: 1 is real time. A number above
   * 0. Without it, as fast as possible.
   */
  readonly speed?: number;
  /** Gives the replay up before the next frame. What comes from there on is not certified. */
  readonly signal?: AbortSignalLike;
  /** Computes this stage alone, by its recorded inputs, and compares nothing else: no other handler is called. */
  readonly stage?: string;
  /**
   * Where anything diverged, follows what the stages after it would have given: the `cascade` of the report. It reads the log
   * again, and changes neither the verdict nor what is kept.
   */
  readonly cascade?: boolean;
  /** Calls `reached` whenever a handler is about to take the input at this place, `stage:seq`. */
  readonly breakAt?: { readonly place: string; readonly reached: (input: ReachedInput) => void };
}

/** An input that a handler is about to take. */
export interface ReachedInput {
  /** The stage whose handler it is. */
  readonly stage: string;
  /** Where the input stands. */
  readonly place: string;
  readonly input: unknown;
}

/** Why a replay was not made, or not to the end. */
export type ReplayRunFault = ReplayFault | ReplayPartFault;
