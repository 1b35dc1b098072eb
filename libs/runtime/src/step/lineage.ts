import type { LaneId, LaneSeq, Span } from "@refold/core";

/**
 * Which inputs led to an aggregate: for each upstream lane the first and the last of them. It is kept flat, as lane, first,
 * last, so that it can be part of a state that is stored.
 */
export type Lineage = number[];

/** Adds an input to a lineage. Inputs of one lane come in the order of their seqs. */
export function addToLineage(lineage: Lineage, lane: LaneId, seq: LaneSeq): void {
  for (let i = 0; i < lineage.length; i += 3) {
    if (lineage[i] === lane) {
      lineage[i + 2] = seq;
      return;
    }
  }
  lineage.push(lane, seq, seq);
}

/** Takes the inputs of another lineage into the first. */
export function mergeLineage(into: Lineage, from: Lineage): void {
  for (let j = 0; j < from.length; j += 3) {
    const [lane, first, last] = from.slice(j, j + 3) as [number, number, number];
    const i = laneIndex(into, lane);
    if (i < 0) into.push(lane, first, last);
    else {
      into[i + 1] = Math.min(into[i + 1] as number, first);
      into[i + 2] = Math.max(into[i + 2] as number, last);
    }
  }
}

export function spansOf(lineage: Lineage): Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < lineage.length; i += 3) {
    // What was put in are a lane and two of its seqs.
    const [lane, first, last] = lineage.slice(i, i + 3) as [LaneId, LaneSeq, LaneSeq];
    spans.push({ lane, first, last });
  }
  return spans;
}

function laneIndex(lineage: Lineage, lane: number): number {
  for (let i = 0; i < lineage.length; i += 3) if (lineage[i] === lane) return i;
  return -1;
}
