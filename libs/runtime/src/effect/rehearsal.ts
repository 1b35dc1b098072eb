import type { LaneId, LaneSeq } from "@refold/core";

import { RecordedEffects } from "./recorded-effects.ts";
import type { RecordedOutcomes } from "./recorded-outcomes.ts";
import type { Rehearsal } from "./effect-performer.ts";

/** A rehearsal of an input that has a failure on record; none where a call of it is still open. */
export function rehearsalOf(outcomes: RecordedOutcomes, lane: LaneId, seq: LaneSeq): Rehearsal | undefined {
  const copy = outcomes.settledWithFailures(lane, seq);
  if (copy === undefined) return undefined;
  return {
    performer: new RecordedEffects(copy),
    forget: (ordinals) => {
      // A handler that leaves out what is on record diverges, which is told of when it is run for good.
      if (copy.forget(lane, seq).length === 0) outcomes.forgetFailures(lane, seq, ordinals);
    },
  };
}
