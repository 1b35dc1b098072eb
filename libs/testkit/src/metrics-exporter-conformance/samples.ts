import type { EdgeMetrics, HistogramSnapshot, MetricsSnapshot, RunId, StageMetrics } from "@refold/core";

const NO_ERRORS: StageMetrics["errors"] = {
  timeout: 0,
  remote: 0,
  "rate-limited": 0,
  permanent: 0,
  deserialization: 0,
  validation: 0,
  domain: 0,
  unknown: 0,
};

/** What tells one snapshot of a test from another. */
export interface SampleMetricsOptions {
  readonly runId?: RunId;
  readonly flow?: string;
  /** How many records have passed by. All counters and distributions follow from it. */
  readonly records?: number;
  readonly state?: string;
}

/** The figures of a run of `numbers` into `report` at the moment that so many records have passed both. */
export function sampleMetrics({
  runId = "01900001-0000-7000-8000-000000000000" as RunId,
  flow = "orders",
  records = 12,
  state = "running",
}: SampleMetricsOptions = {}): MetricsSnapshot {
  const edge: EdgeMetrics = {
    from: "numbers",
    to: "report",
    windowRecords: 1_024,
    windowBytes: 65_536,
    creditRecords: 1_000,
    creditBytes: 60_000,
    lag: 24,
    liveness: "healthy",
    contracts: { transport: "held", source: "violated" },
  };
  return {
    runId,
    flow,
    atMs: Date.UTC(2026, 0) + records,
    state,
    durationMs: records,
    throughput: 1_000,
    latencyMs: spread(records),
    stages: [
      { ...stage("numbers", records), in: 0, kind: "source" },
      { ...stage("report", records), out: 0, kind: "sink", errors: { ...NO_ERRORS, timeout: records } },
    ],
    edges: [edge],
    log: { frames: records, bytes: 90 * records, flushMs: spread(records), framesPerFlush: spread(records) },
  };
}

/** The figures of a run that has done nothing, with windows without limit and distributions without bounds. */
export function emptyMetrics(runId: RunId): MetricsSnapshot {
  const nothing: HistogramSnapshot = { bounds: [], counts: [0], count: 0, sum: 0 };
  const zero = sampleMetrics({ runId, records: 0, state: "created" });
  return {
    ...zero,
    throughput: 0,
    latencyMs: nothing,
    stages: zero.stages.map((each) => ({ ...each, stepMs: nothing })),
    edges: zero.edges.map((each) => ({
      ...each,
      windowRecords: Infinity,
      windowBytes: Infinity,
      creditRecords: Infinity,
      creditBytes: Infinity,
      lag: -0,
      contracts: {},
    })),
    log: { frames: 0, bytes: 0, flushMs: nothing, framesPerFlush: nothing },
  };
}

/** The figures of a run of no stages whose counts are the largest, and whose times the smallest, that numbers can tell. */
export function extremeMetrics(runId: RunId): MetricsSnapshot {
  const most = Number.MAX_SAFE_INTEGER;
  const flushMs: HistogramSnapshot = { bounds: [5e-324, 1e-7, 1e21], counts: [0, 0, 0, most], count: most, sum: 1e300 };
  const sample = sampleMetrics({ runId, records: most });
  return {
    ...sample,
    atMs: 8.64e15,
    durationMs: 5e-324,
    throughput: Number.MAX_VALUE,
    stages: [],
    edges: [],
    log: { frames: most, bytes: most, flushMs, framesPerFlush: flushMs },
  };
}

/** As many values as given: one of four within 1, half of them within 10, the others above. */
function spread(count: number): HistogramSnapshot {
  const low = Math.floor(count / 4);
  const middle = Math.floor(count / 2);
  return { bounds: [1, 10], counts: [low, middle, count - low - middle], count, sum: 7.5 * count };
}

function stage(name: string, records: number): StageMetrics {
  return {
    stage: name,
    kind: "transform",
    state: "running",
    in: records,
    out: records,
    accumulated: 0,
    emitted: 0,
    errors: NO_ERRORS,
    stepMs: spread(records),
    inFlight: 1,
    queued: 2,
    blockedMs: 0.25 * records,
    policies: [{ policy: "retry", decision: "scheduled", count: records }],
  };
}
