import type { Clock, MetricsSnapshot, RunLog, StageMetrics } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { LivenessMonitor } from "../pipeline/liveness-monitor.ts";
import type { StageTask } from "../pipeline/stage-task.ts";
import type { SourceLatency } from "./source-latency.ts";

/** Where the figures of a run are. */
export interface RunFigures {
  readonly flow: string;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly tasks: readonly StageTask[];
  readonly edges: readonly Edge[];
  readonly latency: SourceLatency;
  readonly liveness: LivenessMonitor;
  /** The state of the pipeline's machine. */
  readonly state: () => string;
}

/** All figures of a run at this moment. */
export function runSnapshot(figures: RunFigures): MetricsSnapshot {
  const { log, clock, tasks, edges, latency, liveness, startedAtMs } = figures;
  const atMs = clock.now();
  const durationMs = Math.max(0, atMs - startedAtMs);
  const delivered = tasks.reduce((sum, task) => (task.kind === "sink" ? sum + task.counters.in : sum), 0);
  const nameOf = (lane: number): string => log.manifest.lanes[lane] ?? String(lane);
  return {
    runId: log.manifest.runId,
    flow: figures.flow,
    atMs,
    state: figures.state(),
    durationMs,
    throughput: durationMs === 0 ? 0 : (delivered * 1000) / durationMs,
    latencyMs: latency.histogram.snapshot(),
    stages: tasks.map((task) => stageMetrics(task, edges, nameOf)),
    edges: edges.map((edge) => ({
      from: nameOf(edge.from),
      to: nameOf(edge.to),
      windowRecords: edge.window.settings.windowRecords,
      windowBytes: edge.window.settings.windowBytes,
      creditRecords: edge.window.creditRecords,
      creditBytes: edge.window.creditBytes,
      lag: edge.window.held,
      liveness: liveness.statusOf(edge),
      contracts: Object.fromEntries(edge.verdicts),
    })),
    log: log.metrics(),
  };
}

function stageMetrics(task: StageTask, edges: readonly Edge[], nameOf: (lane: number) => string): StageMetrics {
  const { counters, kind } = task;
  const held = edges.reduce((sum, edge) => (nameOf(edge.to) === task.name ? sum + edge.window.held : sum), 0);
  return {
    stage: task.name,
    kind,
    state: task.state.value.kind,
    in: counters.in,
    out: counters.out,
    accumulated: kind === "stateful" ? counters.in : 0,
    emitted: kind === "stateful" ? counters.out : 0,
    errors: { ...counters.errors },
    stepMs: counters.stepMs.snapshot(),
    inFlight: counters.inFlight,
    queued: Math.max(0, held - counters.inFlight),
    blockedMs: counters.blockedMs,
    policies: [...counters.decisions.values()].map((each) => ({ ...each })),
  };
}
