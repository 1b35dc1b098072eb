import { err, ok, type Result } from "neverthrow";

import { MAX_FRAME_BYTES, MAX_FRAME_RECORDS } from "../limits.ts";
import type { LaneId, LaneSeq, Span, TypeId } from "../place.ts";
import type { Cause, DataRecord, LogRecord, RecordKind, RecordPlace } from "../record.ts";
import { Malformed, MessagePackReader } from "./message-pack-reader.ts";
import type { MessagePackWriter } from "./message-pack-writer.ts";
import { readRows, writeRows } from "./number-rows.ts";
import { OPTIONAL_FIELDS, RECORD_FIELDS, RECORD_KINDS, type Check } from "./record-fields.ts";
import { Unstorable, type UnstorableReason } from "./unstorable.ts";

/** Why records could not be encoded. Nothing of them is left in the writer. */
export type EncodeFault =
  | {
      readonly kind: "unstorable";
      /** The index of the record within the frame. */
      readonly record: number;
      /**
       * Where, as one would write it in code: `$.items[3]`. `$` is the payload of a data record; in a record of another kind
       * it is the record, and the path begins with the field: `$.input.items[3]`.
       */
      readonly path: string;
      readonly reason: UnstorableReason;
      readonly detail: string;
    }
  | { readonly kind: "frame-too-large"; readonly bytes: number; readonly limitBytes: number }
  | { readonly kind: "too-many-records"; readonly records: number; readonly limit: number };

/** The body of a frame is not what the codec writes, though it arrived as it was stored. */
export interface DecodeFault {
  readonly kind: "malformed-body";
  readonly detail: string;
  /** Offset within the body, in bytes. */
  readonly at: number;
}

const DATA = RECORD_KINDS.indexOf("data");
/** Of a data record whose payload another record holds: its kind, its type, its cause, and places. */
const REFERENCE_FIELDS = 4;
/** Stands for the offset of a payload where there is none. */
const NO_PAYLOAD = -1;
const CODES: ReadonlyMap<RecordKind, number> = new Map(RECORD_KINDS.map((kind, code) => [kind, code]));
const FIELD_NAMES: ReadonlyMap<RecordKind, readonly string[]> = new Map(
  RECORD_KINDS.map((kind) => [kind, Object.keys(RECORD_FIELDS[kind])]),
);
const FIELD_CHECKS: readonly (readonly [name: string, check: (value: unknown) => boolean][])[] = RECORD_KINDS.map(
  (kind) => Object.entries(RECORD_FIELDS[kind]),
);

/**
 * Writes the body of a frame at the writer's place: one array of records, each an array of its kind's number and its
 * fields. On a fault the writer is back where it was.
 */
export function encodeRecords(writer: MessagePackWriter, records: readonly LogRecord[]): EncodeFault | undefined {
  if (records.length > MAX_FRAME_RECORDS) {
    return { kind: "too-many-records", records: records.length, limit: MAX_FRAME_RECORDS };
  }
  const start = writer.at;
  let index = 0;
  try {
    writer.array(records.length);
    for (; index < records.length; index++) {
      const record = records[index] as LogRecord;
      if (record.kind === "data") writeData(writer, record);
      else writeFields(writer, record);
      if (writer.at - start > MAX_FRAME_BYTES) {
        const bytes = writer.at - start;
        writer.at = start;
        return { kind: "frame-too-large", bytes, limitBytes: MAX_FRAME_BYTES };
      }
    }
    return undefined;
  } catch (fault) {
    writer.at = start;
    if (!(fault instanceof Unstorable)) throw fault;
    return {
      kind: "unstorable",
      record: index,
      path: fault.path,
      reason: fault.reason,
      detail: fault.detail,
    };
  }
}

function writeData(writer: MessagePackWriter, record: DataRecord): void {
  const { hops = 0, payloadOf } = record;
  if (payloadOf !== undefined && hops === 0) {
    writeReference(writer, record, payloadOf);
    return;
  }
  writer.array(hops === 0 ? 6 : 7);
  writer.number(DATA);
  writer.number(record.type);
  writeCause(writer, record.cause);
  writer.number(record.originLane);
  writer.number(record.originSeq);
  writer.payload(record.payload);
  // Few records ever come round a cycle, so only those say how often.
  if (hops !== 0) writer.number(hops);
}

/** A record that passes a payload on: told from others by its length, and without a second place where that is its origin. */
function writeReference(
  writer: MessagePackWriter,
  { type, cause, originLane, originSeq }: DataRecord,
  { lane, seq }: RecordPlace,
): void {
  writer.array(REFERENCE_FIELDS);
  writer.number(DATA);
  writer.number(type);
  writeCause(writer, cause);
  const isOrigin = lane === originLane && seq === originSeq;
  writer.array(isOrigin ? 2 : 4);
  writer.number(originLane);
  writer.number(originSeq);
  if (isOrigin) return;
  writer.number(lane);
  writer.number(seq);
}

function writeCause(writer: MessagePackWriter, cause: Cause): void {
  if (typeof cause === "number") writer.number(cause);
  else if (!isCause(cause)) throw notAllowed("cause");
  else if (!writeRows(writer, "cause", cause)) writer.payload(cause, "cause");
}

function writeFields(writer: MessagePackWriter, record: LogRecord): void {
  // The table of fields is checked against the record's type where it is declared.
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  const checks: Readonly<Record<string, Check>> = RECORD_FIELDS[record.kind];
  const names = FIELD_NAMES.get(record.kind) as readonly string[];
  const least = names.length - (OPTIONAL_FIELDS.get(record.kind) ?? 0);
  let count = names.length;
  while (count > least && fields[names[count - 1] as string] === undefined) count--;
  writer.array(1 + count);
  writer.number(CODES.get(record.kind) as number);
  for (let i = 0; i < count; i++) {
    const name = names[i] as string;
    const value = fields[name];
    // Authors without a compiler may give what the types refuse, and what is written has to be read again.
    if (!(checks[name] as Check)(value)) throw notAllowed(name);
    if (!writeRows(writer, name, value)) writer.payload(value, name);
  }
}

function notAllowed(field: string): Unstorable {
  return new Unstorable("not-allowed", `what the field \`${field}\` cannot hold`, `$.${field}`);
}

/**
 * Reads bodies, each by itself: a data record whose payload another one holds has `undefined` for it, and names the other as
 * its `payloadOf`. A `FrameDecoder` fills it in. It keeps a cache of the keys it met; use one for a whole log.
 */
export class RecordDecoder {
  readonly #reader: MessagePackReader = new MessagePackReader();
  #payloadAt = NO_PAYLOAD;

  /** `payloads` takes for each record the offset of its payload within the body, or -1 for one that holds none. */
  decode(body: Uint8Array, payloads?: number[]): Result<LogRecord[], DecodeFault> {
    return this.#guarded(body, (reader) => {
      const count = reader.arrayLength();
      const records: LogRecord[] = [];
      for (let i = 0; i < count; i++) {
        this.#payloadAt = NO_PAYLOAD;
        records.push(this.#record());
        payloads?.push(this.#payloadAt === NO_PAYLOAD ? NO_PAYLOAD : this.#payloadAt - body.byteOffset);
      }
      if (!reader.done) throw reader.malformed("bytes after the last record");
      return records;
    });
  }

  /** The payload at an offset that `decode` told of, as a value of its own. */
  payloadAt(body: Uint8Array, offset: number): Result<unknown, DecodeFault> {
    return this.#guarded(body, (reader) => {
      reader.at = body.byteOffset + offset;
      return reader.value();
    });
  }

  #guarded<T>(body: Uint8Array, read: (reader: MessagePackReader) => T): Result<T, DecodeFault> {
    const reader = this.#reader;
    reader.open(body);
    try {
      return ok(read(reader));
    } catch (fault) {
      if (!(fault instanceof Malformed)) throw fault;
      return err({ kind: "malformed-body", detail: fault.detail, at: fault.at - body.byteOffset });
    }
  }

  #record(): LogRecord {
    const reader = this.#reader;
    const length = reader.arrayLength();
    const code = reader.value();
    if (code === DATA) {
      if (length === 6 || length === 7) return this.#data(length === 7);
      if (length === REFERENCE_FIELDS) return this.#reference();
    }
    const fields = typeof code === "number" ? FIELD_CHECKS[code] : undefined;
    if (fields === undefined) throw reader.malformed(`record kind ${String(code)} is not known`);
    const kind = RECORD_KINDS[code as number] as RecordKind;
    const least = fields.length - (OPTIONAL_FIELDS.get(kind) ?? 0);
    if (length > fields.length + 1 || length <= least) throw reader.malformed(`a ${kind} record of ${length} fields`);
    const record: Record<string, unknown> = { kind };
    for (let i = 0; i < length - 1; i++) {
      const [name, check] = fields[i] as (typeof fields)[number];
      const value = readRows(name, reader.value());
      if (!check(value)) throw reader.malformed(`a ${String(record["kind"])} record with a bad field '${name}'`);
      // One that may be absent is written as nothing where another one follows it.
      if (value !== undefined || i < least) record[name] = value;
    }
    // Every field was checked against the table just above.
    return record as unknown as LogRecord;
  }

  #data(withHops: boolean): DataRecord {
    const reader = this.#reader;
    const type = reader.value();
    const cause = readRows("cause", reader.value());
    const originLane = reader.value();
    const originSeq = reader.value();
    if (!isNatural(type) || !isNatural(originLane) || !isNatural(originSeq) || !isCause(cause)) {
      throw reader.malformed("a data record with a bad header");
    }
    this.#payloadAt = reader.at;
    const record: DataRecord = {
      kind: "data",
      type: type as TypeId,
      cause,
      originLane: originLane as LaneId,
      originSeq: originSeq as LaneSeq,
      payload: reader.value(),
    };
    if (!withHops) return record;
    const hops = reader.value();
    if (!isNatural(hops) || hops === 0) throw reader.malformed("a data record with a bad field 'hops'");
    return { ...record, hops };
  }

  #reference(): DataRecord {
    const reader = this.#reader;
    const type = reader.value();
    const cause = readRows("cause", reader.value());
    const places = reader.value();
    if (!isNatural(type) || !isCause(cause) || !Array.isArray(places) || !places.every(isNatural)) {
      throw reader.malformed("a data record with a bad header");
    }
    const [originLane, originSeq, lane = originLane, seq = originSeq] = places;
    const isOrigin = lane === originLane && seq === originSeq;
    if (originLane === undefined || originSeq === undefined || places.length !== (isOrigin ? 2 : 4)) {
      throw reader.malformed("a data record with bad places");
    }
    return {
      kind: "data",
      type: type as TypeId,
      cause,
      originLane: originLane as LaneId,
      originSeq: originSeq as LaneSeq,
      payload: undefined,
      payloadOf: { lane: lane as LaneId, seq: seq as LaneSeq },
    };
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCause(value: unknown): value is Cause {
  return value === undefined || isNatural(value) || isSpans(value);
}

function isSpans(value: unknown): value is readonly Span[] {
  return RECORD_FIELDS.consumed.spans(value);
}
