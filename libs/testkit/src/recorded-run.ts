import {
  formatPlace,
  FrameDecoder,
  SYSTEM_LANE_NAME,
  type DecodedFrame,
  type LaneSeq,
  type LogRecord,
  type Lsn,
  type RunManifest,
  type RunReader,
} from "@refold/core";

/** All that is on record of a run. */
export class RecordedRun {
  readonly manifest: RunManifest;
  readonly frames: readonly DecodedFrame[];

  constructor(manifest: RunManifest, frames: readonly DecodedFrame[]) {
    this.manifest = manifest;
    this.frames = frames;
  }

  /** The frames of one lane. Throws a RangeError if the run has no stage of this name. */
  framesOf(stage: string): readonly DecodedFrame[] {
    const lane = this.manifest.lanes.indexOf(stage);
    if (lane < 0) throw new RangeError(`the run has no stage "${stage}"`);
    return this.frames.filter((frame) => frame.lane === lane);
  }

  /** The records of one lane: of a stage, or of `system`. */
  records(stage: string): readonly LogRecord[] {
    return this.framesOf(stage).flatMap(({ records }) => records);
  }

  /** The records of one lane that are of one kind. */
  recordsOf<K extends LogRecord["kind"]>(stage: string, kind: K): readonly Extract<LogRecord, { kind: K }>[] {
    return this.records(stage).filter((record): record is Extract<LogRecord, { kind: K }> => record.kind === kind);
  }

  /** The place of the first record of a lane that is meant, as `stage:seq`. Throws a RangeError if there is none. */
  place(stage: string, isMeant: (record: LogRecord) => boolean): string {
    const seq = this.records(stage).findIndex(isMeant);
    if (seq < 0) throw new RangeError(`"${stage}" has no such record`);
    return formatPlace(stage, seq as LaneSeq);
  }

  /** What a stage has emitted. */
  payloads(stage: string): readonly unknown[] {
    return this.recordsOf(stage, "data").map(({ payload }) => payload);
  }

  /** The states that a lane's machine has moved to, in order: the stage's own or, of `system`, the pipeline's. */
  moves(stage: string): readonly string[] {
    const machine = stage === SYSTEM_LANE_NAME ? "pipeline" : stage;
    return this.recordsOf(stage, "transition")
      .filter((record) => record.machine === machine)
      .map(({ to }) => to);
  }
}

/** Reads a whole run. Throws if the log cannot be read: a test has no use for part of it. */
export async function readRun(reader: RunReader): Promise<RecordedRun> {
  const frames: DecodedFrame[] = [];
  for await (const batch of new FrameDecoder(reader).decodeAll(reader.read(0 as Lsn))) {
    if (batch.isErr()) throw new Error("the run cannot be read", { cause: batch.error });
    frames.push(...batch.value);
  }
  return new RecordedRun(reader.manifest, frames);
}
