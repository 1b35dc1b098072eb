import { at } from "./at.ts";

/** The name closest to `wanted` that differs in at most a third of its characters; the earlier one among equals. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance > limit) continue;
    nearest = name;
    limit = distance - 1;
    if (limit < 0) break;
  }
  return nearest;
}

/**
 * The insertions, deletions and substitutions of one character that lead from `a` to `b`; O(a · b) time, O(b) space.
 *
 * Source: R. A. Wagner and M. J. Fischer, "The string-to-string correction problem", Journal of the ACM 21(1), 1974,
 * 168–173.
 */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = at(above, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, at(above, j) + 1, at(row, j - 1) + 1));
    }
    above = row;
  }
  return at(above, b.length);
}
