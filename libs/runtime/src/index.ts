export { effect, type EffectSpec } from "./authoring/effect.ts";
export type { DeclaredEffect, EffectFault, EffectResult } from "./effect/effect-outcome.ts";
export type {
  EffectCaller,
  EffectfulContext,
  EffectfulSpec,
  Effects,
  Handled,
  StatefulEffectsSpec,
} from "./effect/effectful-spec.ts";
export { bulkhead, circuitBreaker, rateLimit, retry, timeout, type PolicySpec } from "./policy/policy-spec.ts";
export type { PolicyStatus } from "./policy/policy-status.ts";
export type { GuardedCalls } from "./stage/stage-stacks.ts";
export { flow, isFlow, type Flow, type FlowBuilder, type FlowOptions } from "./authoring/flow.ts";
export type { ItemContext } from "./authoring/function-sink.ts";
export { groupBy, type Group, type GroupBySpec } from "./authoring/group-by.ts";
export { conflate, type ConflateSpec } from "./authoring/conflate.ts";
export { count, type CountByKeySpec } from "./authoring/count.ts";
export { distinct, type DistinctSpec, type DistinctValuesSpec } from "./authoring/distinct.ts";
export type { Key } from "./authoring/key.ts";
export { reduce, type ReduceInputsSpec, type ReduceSpec } from "./authoring/reduce.ts";
export { topN, type Ranked, type TopNByKeySpec, type TopNSpec } from "./authoring/top-n.ts";
export { topNBy, type RankedKey, type TopNBySpec } from "./authoring/top-n-by.ts";
export type {
  Combine,
  JoinAllSpec,
  JoinKey,
  JoinKind,
  JoinMatches,
  JoinRead,
  JoinSettings,
  JoinSpec,
  Match,
} from "./authoring/join.ts";
export type { Feedback } from "./authoring/feedback.ts";
export type { LookingOn, Observer, ObserverHandler } from "./authoring/observer.ts";
export { placeholder, PlaceholderCalled, type NotWritten } from "./authoring/placeholder.ts";
export { reject, type Rejection } from "./authoring/rejection.ts";
export type { PureHandler, Synchronous } from "./authoring/pure-handler.ts";
export { batches, type Batches } from "./authoring/batches.ts";
export type { Items, ItemsFunction, ReadableStreamLike, ReadableStreamReaderLike } from "./authoring/items.ts";
export { poll, type PollCall, type PollOptions } from "./authoring/poll.ts";
export { seekable, type Seekable, type SeekableCall } from "./authoring/seekable.ts";
export type { SourceCall } from "./authoring/source-call.ts";
export type { SourceInput } from "./authoring/source-input.ts";
export type { OpenedSource, OpenSource, SourcePlace } from "./definition/opened-source.ts";
export type { RetrySettings } from "./definition/retry-settings.ts";
export type { SinkOptions, SourceOptions, StageOptions } from "./authoring/stage-options.ts";
export type { Branches, Router } from "./authoring/route.ts";
export { always, everyN, onEnd, within, type Schedule, type ScheduleOptions } from "./authoring/schedule.ts";
export type { StatefulSpec } from "./authoring/stateful-spec.ts";
export { StageStream, Stream, WindowStream, type JoinReference, type JoinReferences } from "./authoring/stream.ts";
export {
  session,
  sliding,
  tumbling,
  type FixedWindows,
  type SessionWindows,
  type Windows,
} from "./authoring/window-kinds.ts";
export type { WindowResult, WindowSpec } from "./authoring/window-spec.ts";
export type {
  FlowDefinition,
  ObserverDefinition,
  PureDefinition,
  SinkDefinition,
  SourceDefinition,
  StageDefinition,
} from "./definition/flow-definition.ts";
export { explainPlaceholder, type Placeholder } from "./definition/placeholder.ts";
export { explainFlowFault, type FlowFault } from "./definition/flow-fault.ts";
export type { HandlerContext } from "./step/handler-context.ts";
export type { Outputs, StageProgram } from "./step/stage-program.ts";
export type { EdgeContracts, FlowHandle, JoinInputs, StagePolicies } from "./pipeline/flow-handle.ts";
export type { PipelineState } from "./pipeline/pipeline-machine.ts";
export type { RunHost } from "./pipeline/run-host.ts";
export { startRun, type StartOptions } from "./pipeline/start-run.ts";
export type { RejectedInput } from "./edge/record-view.ts";
export type { CreditGate } from "./edge/credit-gate.ts";
export { consoleSummary, type ConsoleSummaryOptions, type SummaryColours } from "./metrics/console-summary.ts";
export { quantile } from "./metrics/quantile.ts";
export type { EventLoopDirective, ExternalEventPolicy } from "./supervision/directive.ts";
export type { HandleFault } from "./supervision/handle-fault.ts";
export type { RecordedFrame } from "./supervision/lane-writer.ts";
export type { SupervisorEnd } from "./supervision/supervise.ts";
export type { HandlerSupervised, SelfSupervised, Supervisor } from "./supervision/supervisor.ts";
export {
  ChannelBuilder,
  HandleBuilder,
  SupervisorTaskBuilder,
  type SupervisorChannels,
  type SupervisorTask,
} from "./supervision/supervisor-builders.ts";
export { StandardHandle, type SupervisorHandle } from "./supervision/supervisor-handle.ts";
export { Turns } from "./supervision/turns.ts";
export type { RunReport, StageReport, StageWork } from "./run-report.ts";
export type { Observed, ObservedMove } from "./stage/observer-handlers.ts";
export type { StageFault } from "./stage/stage-fault.ts";
export { describeRun, type RunIdentity } from "./definition/describe-run.ts";
export type { Difference } from "./replay/differences.ts";
export { flowDifferences } from "./replay/flow-differences.ts";
export { explainReplayFault } from "./replay/explain-replay-fault.ts";
export type { Divergence } from "./replay/divergence.ts";
export type { ReplayFault, ReplayReport, StageVerdict } from "./replay/replay-report.ts";
export type { ReachedInput, ReplayOptions, ReplayRunFault } from "./replay/replay-options.ts";
export type { ReplayPartFault } from "./replay/replay-part.ts";
export type { RecordChanges, StageReach } from "./replay/stage-reach.ts";
export { replayRun } from "./replay/replay-run.ts";
export { compareRuns, type CompareFault, type RunComparison } from "./recovery/compare-runs.ts";
export type { ComparedOutput, OutputDifference, StageComparison } from "./recovery/compared-lane.ts";
export { forkPoint, type ForkPointFault } from "./recovery/fork-point.ts";
export { forkRun } from "./recovery/fork-run.ts";
export { forkSettings } from "./recovery/fork-settings.ts";
export { explainCompareFault } from "./recovery/explain-compare-fault.ts";
export { explainResumeFault } from "./recovery/explain-resume-fault.ts";
export { recordedSettings } from "./config/recorded-settings.ts";
export { resumeRun, type ResumeFault, type ResumeOptions } from "./recovery/resume-run.ts";
export { commandLineLayer } from "./config/command-line-layer.ts";
export { config, type Configuration, type FlowConfiguration, type Settings } from "./config/configuration.ts";
export type { ConfigurationEntry } from "./config/configuration-entry.ts";
export type { ConfigurationFault } from "./config/configuration-fault.ts";
export { configurationFromEntries } from "./config/configuration-from-entries.ts";
export type { ConfigurationKey, ConfigurationValues, KeyOf } from "./config/configuration-keys.ts";
export type { ConfigurationLayer, Setting } from "./config/configuration-layer.ts";
export { environmentLayer } from "./config/environment-layer.ts";
export { explainConfigurationFault } from "./config/explain-configuration-fault.ts";
export type { ConfigurationSource, Origin } from "./config/origin.ts";
export { resolveConfiguration } from "./config/resolve-configuration.ts";
export type { ResolvedConfiguration } from "./config/resolved-configuration.ts";
export type { SettingPlace } from "./config/setting-place.ts";
export { codeLayer, fileLayer, type LoadedConfiguration } from "./config/structured-layer.ts";
export type { ConfigurationValue } from "./config/value-rule.ts";
