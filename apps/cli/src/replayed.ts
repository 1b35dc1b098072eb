import type { RunManifest } from "@refold/core";
import type { ReplayReport } from "@refold/runtime";

/** A replay that was made, with the run that holds what was computed. */
export interface Replayed {
  readonly recorded: RunManifest;
  readonly candidate: RunManifest;
  /** Where the candidate is kept. */
  readonly location: string;
  readonly report: ReplayReport;
  readonly tookMs: number;
}
