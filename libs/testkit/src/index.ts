export { runStoreConformance } from "./run-store-conformance.ts";
export type {
  FailingRunStore,
  RunStoreConformance,
  RunStoreUnderTest,
  TestRunner,
} from "./run-store-conformance/under-test.ts";
export {
  frameOf as sampleFrame,
  manifestOf as sampleManifest,
  runIdOf as sampleRunId,
  sealOf as sampleSeal,
} from "./run-store-conformance/samples.ts";
export {
  metricsExporterConformance,
  type MetricsExporterConformance,
  type MetricsExporterUnderTest,
} from "./metrics-exporter-conformance.ts";
export { sampleMetrics, type SampleMetricsOptions } from "./metrics-exporter-conformance/samples.ts";
export { sinkConnectorConformance } from "./sink-connector-conformance.ts";
export type {
  FailingSinkConnector,
  SinkConnectorConformance,
  SinkConnectorUnderTest,
} from "./sink-connector-conformance/under-test.ts";
export { sourceConnectorConformance } from "./source-connector-conformance.ts";
export type {
  FailingSourceConnector,
  SourceConnectorConformance,
  SourceConnectorUnderTest,
} from "./source-connector-conformance/under-test.ts";
export { ManualClock } from "./manual-clock.ts";
export { EdgeGate } from "./edge-gate.ts";
export { expectOrder, happensBefore } from "./record-order.ts";
export { tapLog, type LogTapOptions } from "./log-tap.ts";
export type { DecodedFrame } from "@refold/core";
export { readRun, RecordedRun } from "./recorded-run.ts";
export {
  FlowRun,
  replayFlow,
  runFlow,
  testRunId,
  type FinishedReplay,
  type FinishedRun,
  type FlowReplayOptions,
  type FlowResumeOptions,
  type FlowRunOptions,
} from "./flow-run.ts";
