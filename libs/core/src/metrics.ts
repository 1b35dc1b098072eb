import type { ErrorKind } from "./record.ts";

/**
 * A distribution by fixed upper bounds. `counts[i]` holds the values of at most `bounds[i]` and above the bound before it;
 * the last count, one more than there are bounds, holds the rest.
 */
export interface HistogramSnapshot {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export interface StageMetrics {
  readonly stage: string;
  readonly kind: string;
  /** The state of the stage's machine. */
  readonly state: string;
  /** Data records taken in, and data records put on record. */
  readonly in: number;
  readonly out: number;
  /** Inputs folded into a state, and outputs projected from it; 0 for stages without state. */
  readonly accumulated: number;
  readonly emitted: number;
  readonly errors: Readonly<Record<ErrorKind, number>>;
  /** Milliseconds a step took, from taking its inputs to its frame being accepted. */
  readonly stepMs: HistogramSnapshot;
  /** Inputs taken whose outcome is not on record yet. */
  readonly inFlight: number;
  /** Inputs that wait on the stage's edges. */
  readonly queued: number;
  /** Milliseconds spent waiting for credit downstream or room in the log. */
  readonly blockedMs: number;
  /** How often its policies have decided what: a retry was scheduled, a breaker opened. */
  readonly policies: readonly PolicyMetrics[];
}

export interface PolicyMetrics {
  readonly policy: string;
  readonly decision: string;
  readonly count: number;
}

export interface EdgeMetrics {
  readonly from: string;
  readonly to: string;
  readonly windowRecords: number;
  readonly windowBytes: number;
  /** What the window still has room for. */
  readonly creditRecords: number;
  readonly creditBytes: number;
  /** Data records that the reader has yet to take. */
  readonly lag: number;
  readonly liveness: "healthy" | "idle" | "suspect" | "stalled" | "recovered";
  /** The last verdict of each contract that has one. */
  readonly contracts: Readonly<Record<string, "held" | "violated">>;
}

/** What a run log tells of its work. */
export interface LogMetrics {
  readonly frames: number;
  readonly bytes: number;
  /** Milliseconds a write took until it was safe. */
  readonly flushMs: HistogramSnapshot;
  /** How many frames shared a write. */
  readonly framesPerFlush: HistogramSnapshot;
}

/**
 * All figures of a run at one moment, as far as this process has run it: what was on record when it took the run over is not
 * among them. Counters never go down within a process.
 */
export interface MetricsSnapshot {
  readonly runId: string;
  readonly flow: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The state of the pipeline's machine. */
  readonly state: string;
  readonly durationMs: number;
  /** Data records delivered by sinks a second, over the run so far. */
  readonly throughput: number;
  /** Milliseconds from a record's source frame to its receipt. */
  readonly latencyMs: HistogramSnapshot;
  readonly stages: readonly StageMetrics[];
  readonly edges: readonly EdgeMetrics[];
  readonly log: LogMetrics;
}

/** Takes figures out of the process. */
export interface MetricsExporter {
  /** Called from time to time, and once more with the final figures. What it throws is told to the logger, nothing more. */
  export(snapshot: MetricsSnapshot): void | Promise<void>;
  /** For whoever made the exporter to call, once, after the last export. A run does not: others may share its exporters. */
  close?(): void | Promise<void>;
}
