import type { StageAnnotations } from "./annotations.ts";

/** Every kind of stage, in the order in which data usually meets them. */
export const STAGE_KINDS = ["source", "transform", "stateful", "join", "effectful", "sink", "observer"] as const;

/** What a stage does with its inputs; sources take none, sinks and observers give nothing on. */
export type StageKind = (typeof STAGE_KINDS)[number];

/** A stage as its author declares it. */
export interface StageSpec {
  readonly name: string;
  readonly kind: StageKind;
  readonly annotations?: StageAnnotations;
}

/** A stage of a built topology. It is frozen, and its name has passed the name rule. */
export interface Stage {
  readonly name: string;
  readonly kind: StageKind;
  /** Always there; empty when the author gave none. */
  readonly annotations: StageAnnotations;
}

/** Whether stages of this kind give nothing on. */
export function isTerminal(kind: StageKind): kind is "sink" | "observer" {
  return kind === "sink" || kind === "observer";
}
