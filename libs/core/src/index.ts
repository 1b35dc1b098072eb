export type { AbortControllerLike, AbortSignalLike } from "./abort-signal.ts";
export type { Brand } from "./brand.ts";
export type { Clock } from "./clock.ts";
export { EffectFailure, type Effect, type EffectCall, type EffectSafety } from "./effect.ts";
export { COUNT_BOUNDS, DURATION_BOUNDS_MS, Histogram } from "./histogram.ts";
export { Journal, type JournalEntry } from "./journal.ts";
export type { Logger } from "./logger.ts";
export type {
  EdgeMetrics,
  HistogramSnapshot,
  LogMetrics,
  MetricsExporter,
  MetricsSnapshot,
  PolicyMetrics,
  StageMetrics,
} from "./metrics.ts";
export {
  formatPlace,
  parsePlace,
  SYSTEM_LANE,
  SYSTEM_LANE_NAME,
  type LaneId,
  type LaneSeq,
  type Lsn,
  type RunId,
  type Span,
  type StageName,
  type TypeId,
} from "./place.ts";
export { endsInputs, isInBand } from "./record.ts";
export type {
  Cause,
  ConsumedRecord,
  ContractRecord,
  CursorRecord,
  DataRecord,
  EffectSettledRecord,
  EffectStartedRecord,
  EndKind,
  EndRecord,
  EpochRecord,
  ErrorKind,
  ErrorRecord,
  InBandRecord,
  LivenessRecord,
  LogRecord,
  PolicyRecord,
  ReceiptRecord,
  RecordKind,
  RecordPlace,
  RunOutcome,
  SealRecord,
  SnapshotRecord,
  TimerRecord,
  TransitionRecord,
  TypeCount,
  WatermarkRecord,
} from "./record.ts";
export type { DecodedFrame, FrameDraft, StoredFrame } from "./frame.ts";
export { FrameDecoder, type FrameFault } from "./frame-decoder.ts";
export type { PayloadFault } from "./kept-payloads.ts";
export { MAX_FRAME_BYTES, MAX_FRAME_RECORDS, MAX_LANES, MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH } from "./limits.ts";
export { MessagePackWriter } from "./codec/message-pack-writer.ts";
export { encodeRecords, RecordDecoder, type DecodeFault, type EncodeFault } from "./codec/record-codec.ts";
export { decodeValues, encodeValues, type ValueFault } from "./codec/value-codec.ts";
export { RECORD_KINDS } from "./codec/record-fields.ts";
export type { UnstorableReason } from "./codec/unstorable.ts";
export {
  checkEventType,
  eventType,
  upcast,
  type EventType,
  type EventTypeFault,
  type EventTypeOptions,
  type PayloadOf,
  type UpcastFault,
  type Upcaster,
} from "./event-type.ts";
export { explainFault, type CoreFault } from "./explain.ts";
export {
  FORMAT_VERSION,
  type Durability,
  type PartialRead,
  type RunManifest,
  type TypeVersion,
} from "./run-manifest.ts";
export { isRunId, parseManifest } from "./parse-manifest.ts";
export type {
  AppendFault,
  CreateFault,
  DamageFault,
  ListedRun,
  ManifestFault,
  NotRetainedFault,
  OpenFault,
  Position,
  ReadFault,
  Retained,
  RetainFault,
  RetainMode,
  RunLog,
  RunReader,
  RunStore,
  StorageFault,
  StoredSnapshot,
  TornTail,
} from "./run-log.ts";
export type {
  CommitHandle,
  DeliveryBatch,
  DeliveryGuarantee,
  FlushPolicy,
  SinkConnector,
  SinkContext,
  SinkWriter,
} from "./sink-connector.ts";
export { SinkFailure, type SinkFailureReason } from "./sink-failure.ts";
export type { FailedItem, WriteReceipt } from "./write-receipt.ts";
export type { SourceBatch, SourceConnector, SourceExtent, SourceOpening, SourceReader } from "./source-connector.ts";
