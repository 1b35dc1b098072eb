/** How long a bench may take: `quick` shows that it runs, `full` gives figures to quote. */
export type Scale = "full" | "quick";

/** One thing that a process measured. */
export interface Metric {
  readonly name: string;
  /** Such as `events/s`, `ms`, `B`. */
  readonly unit: string;
  readonly value: number;
  readonly baseline?: Baseline;
}

/** The same figure of something plain, measured by the same process. */
export interface Baseline {
  readonly what: string;
  readonly value: number;
}

/** What one fresh process measures once. */
export interface BenchCase {
  /** Unique within its bench, and the same at every scale. */
  readonly label: string;
  /** Warms up, then measures. Files go into `directory`, which whoever started the process removes. */
  measure(directory: string): Promise<readonly Metric[]>;
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** Where one run takes long: how many runs there are at most. */
  readonly mostRuns?: number;
  cases(scale: Scale): readonly BenchCase[];
}
