import type { CaseRun, Measured } from "./child.ts";
import { median } from "./statistics.ts";

/** One figure of a case on a runtime, over all its runs. */
export interface Row extends CaseRun {
  readonly metric: string;
  readonly unit: string;
  readonly runs: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly baseline: BaselineRow | undefined;
}

export interface BaselineRow {
  readonly what: string;
  readonly median: number;
  /** The median of what each run measured, divided by the baseline of the same run. */
  readonly ratio: number;
}

/** The rows of a case from what each of its runs measured. */
export function summarize(run: CaseRun, measured: readonly Measured[]): readonly Row[] {
  const [first] = measured;
  return (first?.metrics ?? []).map(({ name, unit, baseline }): Row => {
    const metrics = measured.flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name));
    const values = metrics.map(({ value }) => value);
    const pairs = metrics.flatMap((each) =>
      each.baseline === undefined ? [] : [[each.value, each.baseline.value] as const],
    );
    return {
      ...run,
      metric: name,
      unit,
      runs: values.length,
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      baseline:
        baseline === undefined
          ? undefined
          : {
              what: baseline.what,
              median: median(pairs.map(([, plain]) => plain)),
              ratio: median(pairs.map(([value, plain]) => value / plain)),
            },
    };
  });
}
