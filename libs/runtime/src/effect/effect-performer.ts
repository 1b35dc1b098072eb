import type { LaneId, LaneSeq } from "@refold/core";

import type { AnyEffect, SettledOutcome } from "./effect-outcome.ts";

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
  /** How the call is made; `undefined` in a replay. */
  readonly make: EffectMaking;
}

/** A declared effect, or a value of the moment that is made once. */
export type EffectMaking =
  | { readonly kind: "effect"; readonly effect: AnyEffect }
  | { readonly kind: "capture"; readonly capture: () => unknown };

/** Gives the outcome of calls: from the record, or by making them. */
export interface EffectPerformer {
  /** Rejects where a call cannot be vouched for: then the input fails the stage, whatever its handler makes of it. */
  perform(request: EffectRequest): Promise<SettledOutcome>;
}

/** What tells a call from every other of a stage. */
export function callId(lane: LaneId, seq: LaneSeq, ordinal: number): string {
  return `${lane}:${seq}:${ordinal}`;
}
