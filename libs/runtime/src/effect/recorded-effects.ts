import { CallDiverged, type RecordedOutcomes } from "./recorded-outcomes.ts";
import type { EffectPerformer, EffectRequest } from "./effect-performer.ts";
import type { SettledOutcome } from "./effect-outcome.ts";

/** Gives the outcome of calls from the record alone. */
export class RecordedEffects implements EffectPerformer {
  readonly outcomes: RecordedOutcomes;

  constructor(outcomes: RecordedOutcomes) {
    this.outcomes = outcomes;
  }

  async perform(request: EffectRequest): Promise<SettledOutcome> {
    const recorded = await this.outcomes.take(request);
    if (recorded.kind === "settled") return recorded.outcome;
    const why =
      recorded.kind === "in-doubt" ? `was begun at ${recorded.place} and has no outcome on record` : "is not on record";
    throw new CallDiverged(`call ${request.ordinal}, of "${request.name}", ${why}`);
  }

  /** The replay itself tells of calls that were left out, each as a divergence of its own. */
  handled(): void {
    return undefined;
  }
}
