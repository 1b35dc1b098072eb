import type { EdgeMetrics, MetricsSnapshot, StageMetrics } from "@refold/core";

import type { Labels, MetricFamily, MetricType, Sample } from "./exposition.ts";
import { distribution, distributionOfSeconds, one, seconds } from "./samples.ts";

interface Description {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly of: (snapshot: MetricsSnapshot) => readonly Sample[];
}

const LIVENESS: readonly EdgeMetrics["liveness"][] = ["healthy", "idle", "suspect", "stalled", "recovered"];

/** The metrics of all these runs; each name begins with the prefix. */
export function familiesOf(snapshots: readonly MetricsSnapshot[], prefix: string): readonly MetricFamily[] {
  return DESCRIPTIONS.map(({ name, type, help, of }) => ({
    name: prefix + name,
    type,
    help,
    samples: snapshots.flatMap(of),
  }));
}

const DESCRIPTIONS: readonly Description[] = [
  gauge("run_state", "1 for the state that the run is in.", (run) => [one([...runOf(run), ["state", run.state]], 1)]),
  gauge("run_duration_seconds", "Time since the run began.", (run) => [one(runOf(run), seconds(run.durationMs))]),
  gauge("run_snapshot_timestamp_seconds", "When these figures of the run were taken, since 1970.", (run) => [
    one(runOf(run), seconds(run.atMs)),
  ]),
  gauge("run_throughput_records_per_second", "Records delivered by sinks, over the run so far.", (run) => [
    one(runOf(run), run.throughput),
  ]),
  histogram("run_latency_seconds", "Time from a record's source frame to its receipt.", (run) =>
    distributionOfSeconds(runOf(run), run.latencyMs),
  ),

  perStage("gauge", "stage_state", "1 for the state that the stage is in.", (stage, labels) => [
    one([...labels, ["kind", stage.kind], ["state", stage.state]], 1),
  ]),
  perStage("counter", "stage_records_in_total", "Data records taken in.", (stage, labels) => [one(labels, stage.in)]),
  perStage("counter", "stage_records_out_total", "Data records put on record.", (stage, labels) => [
    one(labels, stage.out),
  ]),
  perStage("counter", "stage_records_accumulated_total", "Inputs folded into a state.", (stage, labels) => [
    one(labels, stage.accumulated),
  ]),
  perStage("counter", "stage_records_emitted_total", "Outputs projected from a state.", (stage, labels) => [
    one(labels, stage.emitted),
  ]),
  perStage("counter", "stage_errors_total", "Inputs that were rejected, by kind of error.", (stage, labels) =>
    Object.entries(stage.errors).map(([error, count]) => one([...labels, ["error", error]], count)),
  ),
  perStage("histogram", "stage_step_seconds", "Time a step took until its frame was accepted.", (stage, labels) =>
    distributionOfSeconds(labels, stage.stepMs),
  ),
  perStage("gauge", "stage_in_flight_records", "Inputs whose outcome is not on record yet.", (stage, labels) => [
    one(labels, stage.inFlight),
  ]),
  perStage("gauge", "stage_queued_records", "Inputs that wait on the stage's edges.", (stage, labels) => [
    one(labels, stage.queued),
  ]),
  perStage(
    "counter",
    "stage_blocked_seconds_total",
    "Time spent waiting for credit or for the log.",
    (stage, labels) => [one(labels, seconds(stage.blockedMs))],
  ),
  perStage("counter", "stage_policy_decisions_total", "What its policies have decided.", (stage, labels) =>
    stage.policies.map(({ policy, decision, count }) =>
      one([...labels, ["policy", policy], ["decision", decision]], count),
    ),
  ),

  perEdge("edge_window_records", "Records that the window admits.", (edge, labels) => [
    one(labels, edge.windowRecords),
  ]),
  perEdge("edge_window_bytes", "Bytes that the window admits.", (edge, labels) => [one(labels, edge.windowBytes)]),
  perEdge("edge_credit_records", "Records that the window has room for.", (edge, labels) => [
    one(labels, edge.creditRecords),
  ]),
  perEdge("edge_credit_bytes", "Bytes that the window has room for.", (edge, labels) => [
    one(labels, edge.creditBytes),
  ]),
  perEdge("edge_lag_records", "Records that the reader has yet to take.", (edge, labels) => [one(labels, edge.lag)]),
  perEdge("edge_liveness", "1 for the liveness that the edge has, 0 for the others.", (edge, labels) =>
    LIVENESS.map((liveness) => one([...labels, ["liveness", liveness]], liveness === edge.liveness ? 1 : 0)),
  ),
  perEdge("edge_contract_held", "1 if the contract held when last checked, 0 if it was violated.", (edge, labels) =>
    Object.entries(edge.contracts).map(([contract, verdict]) =>
      one([...labels, ["contract", contract]], verdict === "held" ? 1 : 0),
    ),
  ),

  counter("log_frames_total", "Frames appended.", (run) => [one(runOf(run), run.log.frames)]),
  counter("log_bytes_total", "Bytes appended.", (run) => [one(runOf(run), run.log.bytes)]),
  histogram("log_flush_seconds", "Time a write took until it was safe.", (run) =>
    distributionOfSeconds(runOf(run), run.log.flushMs),
  ),
  histogram("log_flush_frames", "Frames that shared a write.", (run) =>
    distribution(runOf(run), run.log.framesPerFlush),
  ),
];

function runOf({ flow, runId }: MetricsSnapshot): Labels {
  return [
    ["flow", flow],
    ["run", runId],
  ];
}

function gauge(name: string, help: string, of: Description["of"]): Description {
  return { name, type: "gauge", help, of };
}

function counter(name: string, help: string, of: Description["of"]): Description {
  return { name, type: "counter", help, of };
}

function histogram(name: string, help: string, of: Description["of"]): Description {
  return { name, type: "histogram", help, of };
}

function perStage(
  type: MetricType,
  name: string,
  help: string,
  of: (stage: StageMetrics, labels: Labels) => readonly Sample[],
): Description {
  const ofRun = (run: MetricsSnapshot): readonly Sample[] =>
    run.stages.flatMap((stage) => of(stage, [...runOf(run), ["stage", stage.stage]]));
  return { name, type, help, of: ofRun };
}

function perEdge(
  name: string,
  help: string,
  of: (edge: EdgeMetrics, labels: Labels) => readonly Sample[],
): Description {
  const ofRun = (run: MetricsSnapshot): readonly Sample[] =>
    run.edges.flatMap((edge) => of(edge, [...runOf(run), ["from", edge.from], ["to", edge.to]]));
  return gauge(name, help, ofRun);
}
