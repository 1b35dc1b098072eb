import type { LaneId, LaneSeq, Span } from "@refold/core";

/** The spans that name inputs, given by lane and seq in the order taken: one for each run of inputs of one lane. */
export function dataSpans(lanes: readonly LaneId[], seqs: readonly LaneSeq[]): readonly Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < lanes.length;) {
    const lane = lanes[i] as LaneId;
    let next = i + 1;
    while (next < lanes.length && lanes[next] === lane) next++;
    spans.push({ lane, first: seqs[i] as LaneSeq, last: seqs[next - 1] as LaneSeq });
    i = next;
  }
  return spans;
}
