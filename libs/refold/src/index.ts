export {
  eventType,
  isRunId,
  SinkFailure,
  type CommitHandle,
  type DeliveryBatch,
  type EventType,
  type FlushPolicy,
  type Logger,
  type MetricsExporter,
  type MetricsSnapshot,
  type RunId,
  type RunManifest,
  type RunStore,
  type SinkConnector,
  type SinkContext,
  type SinkWriter,
  type SourceBatch,
  type SourceConnector,
  type SourceOpening,
  type SourceReader,
  type WriteReceipt,
} from "@refold/core";
export { fileStore } from "@refold/log-file";
export { memoryStore } from "@refold/log-memory";
export {
  batches,
  commandLineLayer,
  config,
  environmentLayer,
  explainConfigurationFault,
  explainFlowFault,
  fileLayer,
  flow,
  groupBy,
  onEnd,
  poll,
  reject,
  seekable,
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
  type ItemContext,
  type Rejection,
  type ResolvedConfiguration,
  type RunReport,
  type SinkOptions,
  type SourceInput,
  type SourceOptions,
  type StageReport,
  type StatefulSpec,
  type Stream,
} from "@refold/runtime";
export { explainForkRunFault } from "./explain-fork-run-fault.ts";
export { explainResumeRunFault } from "./explain-resume-run-fault.ts";
export { explainOpenRunFault } from "./explain-open-run-fault.ts";
export { openRun, type OpenedRun, type OpenRunFault, type OpenRunOptions } from "./open-run.ts";
export { forkRun, type ForkRunFault, type ForkRunOptions } from "./fork-run.ts";
export { resumeRun, type ResumeRunFault, type ResumeRunOptions } from "./resume-run.ts";
export { runtimeName } from "./runtime-name.ts";
export { systemClock } from "./system-clock.ts";
export { VERSION } from "./version.ts";
