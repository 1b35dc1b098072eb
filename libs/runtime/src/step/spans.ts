import type { LaneId, LaneSeq, Span } from "@refold/core";

/** Names further inputs of a lane, from `first` to `last`, in the order taken: a run of inputs of one lane is one span. */
export function addToSpans(spans: Span[], lane: LaneId, first: LaneSeq, last: LaneSeq = first): void {
  const previous = spans.at(-1);
  if (previous?.lane === lane) spans[spans.length - 1] = { lane, first: previous.first, last };
  else spans.push({ lane, first, last });
}

/** The spans that name inputs, given by lane and seq in the order taken. */
export function dataSpans(lanes: readonly LaneId[], seqs: readonly LaneSeq[]): readonly Span[] {
  const spans: Span[] = [];
  for (const [index, lane] of lanes.entries()) addToSpans(spans, lane, seqs[index] as LaneSeq);
  return spans;
}
