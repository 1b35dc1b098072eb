import { err, ok, type Result } from "neverthrow";

import {
  encodeRecords,
  MessagePackWriter,
  type AppendFault,
  type ErrorRecord,
  type FrameDraft,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Position,
  type ReceiptRecord,
  type RunLog,
  type TypeId,
} from "@refold/core";

import type { LaneEnd, LaneState } from "../snapshot/run-state.ts";

/** A frame that the log has accepted, as it is passed on by reference. */
export interface RecordedFrame extends FrameDraft {
  readonly position: Position;
  /** What the frame weighs in the log, with what the payloads weigh there that it passes on. */
  readonly bytes: number;
}

/** What is on record of a lane. */
export type WrittenLane = Pick<LaneState, "nextSeq" | "data" | "rejected" | "timeMs" | "end" | "place">;

/** The one writer of a lane: it numbers the lane's records. */
export class LaneWriter {
  readonly lane: LaneId;
  readonly #log: RunLog;
  #next = 0;
  #data = 0;
  readonly #dataOf: (number | undefined)[] = [];
  #rejected: number;
  #timeMs: number;
  #end: LaneEnd | undefined;
  #cursor: unknown;
  /** How many data records stand before the last cursor. */
  #dataAtCursor = 0;
  #position = 0 as Position;
  #closed = false;

  /** `written` is what the lane of a run that is gone on with holds already. */
  constructor(log: RunLog, lane: LaneId, written?: WrittenLane) {
    this.#log = log;
    this.lane = lane;
    this.#next = written?.nextSeq ?? 0;
    this.#rejected = written?.rejected ?? 0;
    this.#timeMs = written?.timeMs ?? Number.NEGATIVE_INFINITY;
    this.#end = written?.end;
    this.#cursor = written?.place.cursor;
    for (const [type, count] of written?.data ?? []) {
      this.#dataOf[type] = count;
      this.#data += count;
    }
    this.#dataAtCursor = this.#data - (written?.place.itemsSinceCursor ?? 0);
  }

  /** What is on record of the lane. */
  get written(): WrittenLane {
    const data = new Map<TypeId, number>();
    for (const [type, count] of this.#dataOf.entries()) if (count !== undefined) data.set(type as TypeId, count);
    const place = { cursor: this.#cursor, items: this.#data, itemsSinceCursor: this.#data - this.#dataAtCursor };
    return { nextSeq: this.#next, data, rejected: this.#rejected, timeMs: this.#timeMs, end: this.#end, place };
  }

  /** The position of the last frame that this writer has had accepted; 0 when there is none. */
  get position(): Position {
    return this.#position;
  }

  /** The seq that the next record will have. */
  get nextSeq(): LaneSeq {
    return this.#next as LaneSeq;
  }

  /** How many data records the lane holds. */
  get dataRecords(): number {
    return this.#data;
  }

  /** How many data records of a type the lane holds. */
  dataRecordsOf(type: TypeId): number {
    return this.#dataOf[type] ?? 0;
  }

  /** Lets nothing more on record. */
  close(): void {
    this.#closed = true;
  }

  append(timeMs: number, records: readonly LogRecord[]): Result<RecordedFrame, AppendFault> {
    if (this.#closed) return err({ kind: "log-closed" });
    const frame: FrameDraft = { lane: this.lane, timeMs, firstSeq: this.nextSeq, records };
    const before = this.#log.bytes;
    const appended = this.#log.append(frame);
    if (appended.isErr()) return appended as Result<never, AppendFault>;
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as LogRecord;
      if (record.kind === "data") {
        this.#data++;
        this.#dataOf[record.type] = (this.#dataOf[record.type] ?? 0) + 1;
      } else if (record.kind === "error" || record.kind === "receipt") this.#rejected += rejectedBy(record);
      else if (record.kind === "end") this.#end = { record, seq: (this.#next + index) as LaneSeq };
      else if (record.kind === "cursor") [this.#cursor, this.#dataAtCursor] = [record.cursor, this.#data];
    }
    this.#next += records.length;
    this.#timeMs = timeMs;
    this.#position = appended.value;
    return ok({
      lane: this.lane,
      timeMs,
      firstSeq: frame.firstSeq,
      records,
      position: appended.value,
      bytes: this.#log.bytes - before,
    });
  }
}

/** How many inputs were rejected, or not delivered, by what a record says. An error that is handed on has spans for its cause. */
export function rejectedBy(record: ErrorRecord | ReceiptRecord): number {
  if (record.kind === "error") return typeof record.cause === "number" ? 1 : 0;
  return record.outcome === "failed" ? record.count : 0;
}

/** Whether a frame was refused only because it would have held too much. */
export function isTooMuch({ kind }: AppendFault): boolean {
  return kind === "frame-too-large" || kind === "too-many-records";
}

/** The fault of the first record that no frame can hold. Asked only of records that are to be split, which is seldom. */
export function unstorableAmong(records: readonly LogRecord[]): AppendFault | undefined {
  const writer = new MessagePackWriter(ENCODED_BYTES);
  for (const [record, one] of records.entries()) {
    writer.at = 0;
    const fault = encodeRecords(writer, [one]);
    if (fault !== undefined) return fault.kind === "unstorable" ? { ...fault, record } : fault;
  }
  return undefined;
}

const ENCODED_BYTES = 64 * 1024;
