export {
  eventType,
  type DeliveryBatch,
  type EventType,
  type Logger,
  type MetricsExporter,
  type MetricsSnapshot,
  type RunManifest,
  type RunStore,
  type SinkConnector,
  type SinkWriter,
} from "@refold/core";
export { fileStore } from "@refold/log-file";
export { memoryStore } from "@refold/log-memory";
export {
  commandLineLayer,
  config,
  environmentLayer,
  explainConfigurationFault,
  explainFlowFault,
  explainPlaceholder,
  fileLayer,
  flow,
  groupBy,
  onEnd,
  placeholder,
  reject,
  type Configuration,
  type ConfigurationFault,
  type ConfigurationLayer,
  type Feedback,
  type Flow,
  type FlowBuilder,
  type FlowConfiguration,
  type FlowHandle,
  type FlowOptions,
  type HandleFault,
  type HandlerContext,
  type Observed,
  type ObservedMove,
  type Observer,
  type Placeholder,
  type Rejection,
  type ResolvedConfiguration,
  type RunReport,
  type StageReport,
  type StatefulSpec,
  type Stream,
} from "@refold/runtime";
export { explainOpenRunFault } from "./explain-open-run-fault.ts";
export { openRun, type OpenedRun, type OpenRunFault, type OpenRunOptions } from "./open-run.ts";
export { runtimeName } from "./runtime-name.ts";
export { systemClock } from "./system-clock.ts";
export { VERSION } from "./version.ts";
