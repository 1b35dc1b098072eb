import type { LaneId } from "@refold/core";

import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";

/** The stage at which a cycle is entered: what comes from `from` has come round, and may do so `depth` times. */
export interface LoopEntry {
  readonly from: ReadonlySet<LaneId>;
  readonly depth: number;
}

/** The entry of a cycle with its depth: of several ways back, the least. */
export function loopEntry(
  settings: ResolvedConfiguration,
  to: string,
  from: readonly string[],
  backward: ReadonlySet<LaneId>,
): LoopEntry | undefined {
  if (from.length === 0) return undefined;
  return {
    from: backward,
    depth: Math.min(...from.map((back) => settings.edge({ from: back, to }, "divergence.depthHops"))),
  };
}
