import type { EndKind } from "@refold/core";

const SEVERITY: Readonly<Record<EndKind, number>> = { natural: 0, truncated: 1, poison: 2 };

/** How two inputs end together: the worse of both. */
export function worseEnd(a: EndKind, b: EndKind): EndKind {
  return SEVERITY[b] > SEVERITY[a] ? b : a;
}
