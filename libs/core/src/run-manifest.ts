import type { LaneId, RunId, TypeId } from "./place.ts";

/** The version of the log's format that this code writes. It reads this one alone. */
export const FORMAT_VERSION = 1;

/** When an appended frame counts as safe: see `RunLog.whenSafe`. */
export type Durability = "buffered" | "durable" | "strict";

/** What stays the same for a whole run, written once before its first frame. */
export interface RunManifest {
  readonly format: typeof FORMAT_VERSION;
  readonly runId: RunId;
  readonly flow: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly durability: Durability;
  /** Lanes by their id; the first is `system`, the others are stages. */
  readonly lanes: readonly string[];
  /** Event types by their id. */
  readonly types: readonly TypeVersion[];
  /** What stages read of others where that is not just all of their outputs. */
  readonly reads?: readonly PartialRead[];
  /** The topology as its own JSON form, and its fingerprint. */
  readonly topology: unknown;
  readonly fingerprint: string;
  /** The run that seeds randomness and identifies effects: the run itself, or the root of a chain of replays and forks. */
  readonly rootRunId: RunId;
  /** The run that this one replays. */
  readonly replayOf?: RunId;
  /** The run that this one begins as: its first `at` frames are those of that run. */
  readonly forkOf?: { readonly runId: RunId; readonly at: number };
  /** Every setting in effect, with where it came from: plain data that core keeps and does not read. */
  readonly configuration?: readonly object[];
  /** The flow's source file, where there was one. */
  readonly source?: { readonly path: string; readonly sha256: string };
}

/** The inputs of `reader` among the records of the lane `from`. */
export interface PartialRead {
  readonly reader: LaneId;
  readonly from: LaneId;
  /** Data records of these types; of every type without it. */
  readonly types?: readonly TypeId[];
  /** Whether inputs that were rejected there are inputs here. */
  readonly errors: boolean;
}

export interface TypeVersion {
  readonly name: string;
  readonly version: number;
}
