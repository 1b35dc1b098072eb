import { err, ok, type Result } from "neverthrow";

import { MAX_FRAME_BYTES, MAX_FRAME_RECORDS } from "../limits.ts";
import type { LaneId, LaneSeq, Span, TypeId } from "../place.ts";
import type { Cause, DataRecord, LogRecord, RecordKind } from "../record.ts";
import { Malformed, MessagePackReader } from "./message-pack-reader.ts";
import type { MessagePackWriter } from "./message-pack-writer.ts";
import { readRows, writeRows } from "./number-rows.ts";
import { MAY_LACK_LAST, RECORD_FIELDS, RECORD_KINDS, type Check } from "./record-fields.ts";
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
  const { hops = 0 } = record;
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

function writeCause(writer: MessagePackWriter, cause: Cause): void {
  if (typeof cause === "number") writer.number(cause);
  else if (!isCause(cause)) throw notAllowed("cause");
  else if (!writeRows(writer, "cause", cause)) writer.payload(cause, "cause");
}

function writeFields(writer: MessagePackWriter, record: LogRecord): void {
  // The table of fields is checked against the record's type where it is declared.
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  const checks: Readonly<Record<string, Check>> = RECORD_FIELDS[record.kind];
  let names = FIELD_NAMES.get(record.kind) as readonly string[];
  if (MAY_LACK_LAST.has(record.kind) && fields[names.at(-1) as string] === undefined) names = names.slice(0, -1);
  writer.array(1 + names.length);
  writer.number(CODES.get(record.kind) as number);
  for (const name of names) {
    const value = fields[name];
    // Authors without a compiler may give what the types refuse, and what is written has to be read again.
    if (!(checks[name] as Check)(value)) throw notAllowed(name);
    if (!writeRows(writer, name, value)) writer.payload(value, name);
  }
}

function notAllowed(field: string): Unstorable {
  return new Unstorable("not-allowed", `what the field \`${field}\` cannot hold`, `$.${field}`);
}

/** Reads bodies. It keeps a cache of the keys it met; use one for a whole log. */
export class RecordDecoder {
  readonly #reader: MessagePackReader = new MessagePackReader();

  decode(body: Uint8Array): Result<LogRecord[], DecodeFault> {
    const reader = this.#reader;
    reader.open(body);
    try {
      const count = reader.arrayLength();
      const records: LogRecord[] = [];
      for (let i = 0; i < count; i++) records.push(this.#record());
      if (!reader.done) throw reader.malformed("bytes after the last record");
      return ok(records);
    } catch (fault) {
      if (!(fault instanceof Malformed)) throw fault;
      return err({ kind: "malformed-body", detail: fault.detail, at: fault.at - body.byteOffset });
    }
  }

  #record(): LogRecord {
    const reader = this.#reader;
    const length = reader.arrayLength();
    const code = reader.value();
    if (code === DATA && (length === 6 || length === 7)) return this.#data(length === 7);
    const fields = typeof code === "number" ? FIELD_CHECKS[code] : undefined;
    if (fields === undefined) throw reader.malformed(`record kind ${String(code)} is not known`);
    const kind = RECORD_KINDS[code as number] as RecordKind;
    const lacksLast = length === fields.length && MAY_LACK_LAST.has(kind);
    if (length !== fields.length + 1 && !lacksLast) throw reader.malformed(`a ${kind} record of ${length} fields`);
    const record: Record<string, unknown> = { kind };
    for (const [name, check] of lacksLast ? fields.slice(0, -1) : fields) {
      const value = readRows(name, reader.value());
      if (!check(value)) throw reader.malformed(`a ${String(record["kind"])} record with a bad field '${name}'`);
      record[name] = value;
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
