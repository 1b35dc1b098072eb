import type { LaneId, LaneSeq } from "@refold/core";

import type { AnyEffect, SettledOutcome } from "./effect-outcome.ts";
import type { OutcomeTurns } from "./outcome-turns.ts";

/** A call that a handler asks for. */
export interface EffectRequest {
  readonly name: string;
  readonly version: number;
  /** The input of the stage that the handler has in hand. */
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  /** How many calls the handler asked for before, for the same input. */
  readonly ordinal: number;
  readonly input: unknown;
  readonly make: EffectMaking;
  /** To be taken before the outcome goes on record, or comes from there. */
  readonly turns: OutcomeTurns;
}

/** A declared effect, or a value of the moment that is made once. */
export type EffectMaking =
  | { readonly kind: "effect"; readonly effect: AnyEffect }
  | { readonly kind: "capture"; readonly capture: () => unknown };

/** Gives the outcome of calls: from the record, or by making them. */
export interface EffectPerformer {
  /** Rejects where a call cannot be vouched for: then the input fails the stage, whatever its handler makes of it. */
  perform(request: EffectRequest): Promise<SettledOutcome>;
  /** The handler is done with an input. Throws where it left out a call that is on record. */
  handled(lane: LaneId, seq: LaneSeq): void;
  /** Given where failures on record are to be called again that the handler of an input ends on. */
  rehearsal?(lane: LaneId, seq: LaneSeq): Rehearsal | undefined;
}

/**
 * Tells which failures on record a handler ends on, before it handles its input for good: it is run once on copies, with the
 * outcomes on record alone.
 */
export interface Rehearsal {
  readonly performer: EffectPerformer;
  /** Takes these failures for outcomes that nobody knows, so that their calls are made again as those in doubt are. */
  forget(ordinals: readonly number[]): void;
}
