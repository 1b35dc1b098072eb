import type { ReplayReport } from "@refold/runtime";

/** What a replay found, for machines. */
export function replayJson({ verdict, frames, records, stages, first, uncertified, leftOut }: ReplayReport): object {
  return {
    verdict,
    frames,
    records,
    stages: stages.map((stage) => ({ ...stage, first: stage.first ?? null })),
    first: first ?? null,
    uncertified,
    leftOut,
  };
}
