import type { HistogramSnapshot } from "@refold/core";

import { numberText, type Labels, type Sample } from "./exposition.ts";

const MS_PER_SECOND = 1_000;

export function one(labels: Labels, value: number): Sample {
  return { labels, value };
}

/**
 * The cumulative buckets, the sum and the count of a distribution. The count is that of the last bucket, so that the two
 * never differ.
 */
export function distribution(labels: Labels, { bounds, counts, sum }: HistogramSnapshot): readonly Sample[] {
  let upTo = 0;
  const bucket = (le: number, count: number): Sample => {
    upTo += count;
    return { suffix: "_bucket", labels: [...labels, ["le", numberText(le)]], value: upTo };
  };
  const buckets = bounds.map((bound, index) => bucket(bound, counts[index] ?? 0));
  const rest = bucket(Infinity, counts[bounds.length] ?? 0);
  return [...buckets, rest, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: upTo }];
}

/** A distribution of milliseconds as one of seconds. */
export function distributionOfSeconds(labels: Labels, ms: HistogramSnapshot): readonly Sample[] {
  return distribution(labels, { ...ms, bounds: ms.bounds.map(seconds), sum: seconds(ms.sum) });
}

/** Milliseconds as seconds, without the last bits that the division adds: 0.07 ms are 0.00007 s. */
export function seconds(ms: number): number {
  return Number((ms / MS_PER_SECOND).toPrecision(15));
}
