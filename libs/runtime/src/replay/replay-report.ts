import type { AppendFault, Lsn, ReadFault } from "@refold/core";

import type { Divergence } from "./divergence.ts";
import type { StageReach } from "./stage-reach.ts";

/** What a replay found. */
export interface ReplayReport {
  /** `uncertified`: nothing differs, but not all of the run could be checked. */
  readonly verdict: "matched" | "diverged" | "uncertified";
  readonly frames: number;
  /** Records of the recorded run that were looked at. */
  readonly records: number;
  /** In the order declared; of a replay of one stage, that stage alone. */
  readonly stages: readonly StageVerdict[];
  /** The first divergence in the order of the log. */
  readonly first: Divergence | undefined;
  /**
   * What led to the first divergence where that came of one input: the place of the input, of what led to it, and so on to what
   * came from outside, as is on record. The last may be a range.
   */
  readonly chain: readonly string[];
  /** What could not be certified, and why, in sentences. */
  readonly uncertified: readonly string[];
  /** What was left out because it was not asked for, in sentences. The verdict does not speak of it. */
  readonly leftOut: readonly string[];
  /** How far the divergences reach, by stage, where that was asked for and anything diverged. */
  readonly cascade?: readonly StageReach[];
}

export interface StageVerdict {
  readonly stage: string;
  readonly kind: string;
  /** Records taken as they are on record: what a source read, what a sink delivered. */
  readonly taken: number;
  /** Recomputed records that are the recorded ones. */
  readonly matched: number;
  readonly diverged: number;
  /** How many of these are of each kind. */
  readonly kinds: Readonly<Record<Divergence["kind"], number>>;
  readonly first: Divergence | undefined;
}

/** Why a replay could not be made, or not to the end. */
export type ReplayFault =
  | ReadFault
  | AppendFault
  | { readonly kind: "flow-differs"; readonly differences: readonly string[] }
  | {
      readonly kind: "upcast-failed";
      readonly lsn: Lsn;
      readonly type: string;
      readonly from: number;
      readonly to: number;
      readonly detail: string;
    }
  | { readonly kind: "malformed-record"; readonly lsn: Lsn; readonly detail: string };
