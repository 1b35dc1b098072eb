import type { Attributes } from "@opentelemetry/api";
import type { EdgeMetrics, HistogramSnapshot, StageMetrics } from "@refold/core";

import type { Instrument, Metric, Point, PointsOf } from "./metric-data.ts";

const LIVENESS: readonly EdgeMetrics["liveness"][] = ["healthy", "idle", "suspect", "stalled", "recovered"];

/** Everything that a snapshot tells. */
export const METRICS: readonly Metric[] = [
  gauge(named("refold.run.state", "{run}", "1 for the state that the run is in."), (run) => [
    point(1, { "refold.state": run.state }),
  ]),
  gauge(named("refold.run.duration", "s", "Time since the run began."), (run) => [point(seconds(run.durationMs))]),
  gauge(named("refold.run.throughput", "{record}/s", "Records delivered by sinks, over the run so far."), (run) => [
    point(run.throughput),
  ]),
  histogram(named("refold.run.latency", "s", "Time from a record's source frame to its receipt."), (run) => [
    point(inSeconds(run.latencyMs)),
  ]),

  gauge(named("refold.stage.state", "{stage}", "1 for the state that the stage is in."), (run) =>
    run.stages.map((stage) =>
      point(1, { ...ofStage(stage), "refold.stage.kind": stage.kind, "refold.state": stage.state }),
    ),
  ),
  counter(named("refold.stage.records.in", "{record}", "Data records taken in."), perStage("in")),
  counter(named("refold.stage.records.out", "{record}", "Data records put on record."), perStage("out")),
  counter(
    named("refold.stage.records.accumulated", "{record}", "Inputs folded into a state."),
    perStage("accumulated"),
  ),
  counter(named("refold.stage.records.emitted", "{record}", "Outputs projected from a state."), perStage("emitted")),
  counter(named("refold.stage.errors", "{record}", "Inputs that were rejected, by kind of error."), (run) =>
    run.stages.flatMap((stage) =>
      Object.entries(stage.errors).map(([error, count]) => point(count, { ...ofStage(stage), "error.type": error })),
    ),
  ),
  counter(named("refold.stage.policy.decisions", "{decision}", "What its policies have decided."), (run) =>
    run.stages.flatMap((stage) =>
      stage.policies.map(({ policy, decision, count }) =>
        point(count, { ...ofStage(stage), "refold.policy": policy, "refold.policy.decision": decision }),
      ),
    ),
  ),
  histogram(named("refold.stage.step.duration", "s", "Time a step took until its frame was accepted."), (run) =>
    run.stages.map((stage) => point(inSeconds(stage.stepMs), ofStage(stage))),
  ),
  gauge(
    named("refold.stage.in_flight", "{record}", "Inputs whose outcome is not on record yet."),
    perStage("inFlight"),
  ),
  gauge(named("refold.stage.queued", "{record}", "Inputs that wait on the stage's edges."), perStage("queued")),
  counter(named("refold.stage.blocked", "s", "Time spent waiting for credit or for the log."), (run) =>
    run.stages.map((stage) => point(seconds(stage.blockedMs), ofStage(stage))),
  ),

  gauge(named("refold.edge.window.records", "{record}", "Records that the window admits."), perEdge("windowRecords")),
  gauge(named("refold.edge.window.size", "By", "Bytes that the window admits."), perEdge("windowBytes")),
  gauge(
    named("refold.edge.credit.records", "{record}", "Records that the window has room for."),
    perEdge("creditRecords"),
  ),
  gauge(named("refold.edge.credit.size", "By", "Bytes that the window has room for."), perEdge("creditBytes")),
  gauge(named("refold.edge.lag", "{record}", "Records that the reader has yet to take."), perEdge("lag")),
  gauge(named("refold.edge.liveness", "{edge}", "1 for the liveness that the edge has, 0 for the others."), (run) =>
    run.edges.flatMap((edge) =>
      LIVENESS.map((liveness) =>
        point(liveness === edge.liveness ? 1 : 0, { ...ofEdge(edge), "refold.edge.liveness": liveness }),
      ),
    ),
  ),
  gauge(named("refold.edge.contract.held", "{contract}", "1 if it held when last checked, 0 if violated."), (run) =>
    run.edges.flatMap((edge) =>
      Object.entries(edge.contracts).map(([contract, verdict]) =>
        point(verdict === "held" ? 1 : 0, { ...ofEdge(edge), "refold.contract.name": contract }),
      ),
    ),
  ),

  counter(named("refold.log.frames", "{frame}", "Frames appended."), ({ log }) => [point(log.frames)]),
  counter(named("refold.log.size", "By", "Bytes appended."), ({ log }) => [point(log.bytes)]),
  histogram(named("refold.log.flush.duration", "s", "Time a write took until it was safe."), ({ log }) => [
    point(inSeconds(log.flushMs)),
  ]),
  histogram(named("refold.log.flush.frames", "{frame}", "Frames that shared a write."), ({ log }) => [
    point(log.framesPerFlush),
  ]),
];

function named(name: string, unit: string, description: string): Instrument {
  return { name, unit, description };
}

function counter(instrument: Instrument, points: PointsOf<number>): Metric {
  return { kind: "counter", instrument, points };
}

function gauge(instrument: Instrument, points: PointsOf<number>): Metric {
  return { kind: "gauge", instrument, points };
}

function histogram(instrument: Instrument, points: PointsOf<HistogramSnapshot>): Metric {
  return { kind: "histogram", instrument, points };
}

function perStage(figure: "in" | "out" | "accumulated" | "emitted" | "inFlight" | "queued"): PointsOf<number> {
  return ({ stages }) => stages.map((stage) => point(stage[figure], ofStage(stage)));
}

function perEdge(figure: "windowRecords" | "windowBytes" | "creditRecords" | "creditBytes" | "lag"): PointsOf<number> {
  return ({ edges }) => edges.map((edge) => point(edge[figure], ofEdge(edge)));
}

function point<T>(value: T, attributes: Attributes = {}): Point<T> {
  return { attributes, value };
}

function ofStage({ stage }: StageMetrics): Attributes {
  return { "refold.stage.name": stage };
}

function ofEdge({ from, to }: EdgeMetrics): Attributes {
  return { "refold.edge.from": from, "refold.edge.to": to };
}

/** A distribution of milliseconds as one of seconds. */
function inSeconds(ms: HistogramSnapshot): HistogramSnapshot {
  return { ...ms, bounds: ms.bounds.map(seconds), sum: seconds(ms.sum) };
}

/** Milliseconds as seconds, without the last bits that the division adds: 0.07 ms are 0.00007 s. */
function seconds(ms: number): number {
  return Number((ms / 1_000).toPrecision(15));
}
