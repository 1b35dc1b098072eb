import type { HistogramSnapshot } from "@refold/core";

/**
 * An estimate of the q-quantile, 0 ≤ q ≤ 1: of the value that at least the share `q` of all values does not exceed (nearest
 * rank). Undefined if there are no values.
 *
 * It lies in the same bucket as that value. So with bounds that double, it is more than half and less than twice the value;
 * in the first bucket it differs by at most the first bound. Of values above the last bound it says no more than that bound,
 * which then is too low. Within a bucket, values are taken to be spread evenly.
 */
export function quantile({ bounds, counts }: HistogramSnapshot, q: number): number | undefined {
  const count = counts.reduce((total, each) => total + each, 0);
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * count));
  let before = 0;
  for (const [index, bound] of bounds.entries()) {
    const within = counts[index] ?? 0;
    if (before + within >= rank) {
      const below = bounds[index - 1] ?? 0;
      return below + ((rank - before) / within) * (bound - below);
    }
    before += within;
  }
  return bounds.at(-1);
}
