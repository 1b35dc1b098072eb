import type { RunComparison } from "@refold/runtime";

/** How two runs compare, for machines. */
export function comparisonJson({ verdict, stages, uncertified }: RunComparison): object {
  return {
    verdict,
    stages: stages.map((stage) => ({
      ...stage,
      difference: stage.difference ?? null,
      differing: stage.differing ?? null,
    })),
    uncertified,
  };
}
