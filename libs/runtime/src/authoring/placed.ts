import type { LaneId, LaneSeq } from "@refold/core";

import { addToLineage, type Lineage } from "../step/lineage.ts";

/** An input that a state keeps, with where it stands. */
export interface Placed<Input> {
  readonly item: Input;
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/** The lineage of what is emitted for one input alone. */
export function lineageOf(placed: Placed<unknown> | undefined): Lineage | undefined {
  if (placed === undefined) return undefined;
  const lineage: Lineage = [];
  addToLineage(lineage, placed.lane, placed.seq);
  return lineage;
}
