export {
  eventType,
  type DeliveryBatch,
  type EventType,
  type RunManifest,
  type RunStore,
  type SinkConnector,
  type SinkWriter,
} from "@refold/core";
export { fileStore } from "@refold/log-file";
export { memoryStore } from "@refold/log-memory";
export {
  config,
  explainFlowFault,
  flow,
  groupBy,
  onEnd,
  type Configuration,
  type Flow,
  type FlowBuilder,
  type FlowHandle,
  type HandlerContext,
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
