import type { ReplayReport } from "@refold/runtime";

/** What a replay found, for machines. */
export function replayJson({
  verdict,
  frames,
  records,
  stages,
  first,
  chain,
  uncertified,
  leftOut,
  cascade,
}: ReplayReport): object {
  return {
    verdict,
    frames,
    records,
    stages: stages.map((stage) => ({ ...stage, first: stage.first ?? null })),
    first: first ?? null,
    chain,
    uncertified,
    leftOut,
    ...(cascade && {
      cascade: cascade.map((reach) => ({ ...reach, first: reach.first ?? null, why: reach.why ?? null })),
    }),
  };
}
