import type { Lsn } from "@refold/core";

import type { Difference } from "./differences.ts";

/** A record that was not computed again as it was recorded. */
export interface Divergence {
  readonly stage: string;
  /** The place of the recorded record, as `stage:seq`; of an extra one, the place before which it would stand. */
  readonly place: string;
  readonly lsn: Lsn;
  /** `missing`: recorded, but not computed again. `extra`: computed, but not recorded. */
  readonly kind: "changed" | "missing" | "extra" | "handler-threw";
  /** The places of the inputs. */
  readonly causes: readonly string[];
  readonly recorded: unknown;
  readonly recomputed: unknown;
  readonly differences: readonly Difference[];
  /** The stage's code then and now. Fingerprints of different runtimes do not compare. */
  readonly code: "same" | "changed" | "not-comparable";
  /** What these are; the recorded one where an epoch has it. */
  readonly fingerprints: { readonly recorded: string | undefined; readonly now: string | undefined };
}

/** What a replay of a stage tells of a divergence; the rest is known to the one who asks. */
export type FoundDivergence = Omit<Divergence, "stage" | "code" | "fingerprints">;
