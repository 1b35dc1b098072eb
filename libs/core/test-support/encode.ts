import { encodeRecords, type EncodeFault } from "../src/codec/record-codec.ts";
import { MessagePackWriter } from "../src/codec/message-pack-writer.ts";
import type { LaneId, LaneSeq, TypeId } from "../src/place.ts";
import type { DataRecord, LogRecord } from "../src/record.ts";

/** A data record with this payload. */
export function dataRecord(payload: unknown): DataRecord {
  return { kind: "data", type: 1 as TypeId, cause: 0, originLane: 1 as LaneId, originSeq: 7 as LaneSeq, payload };
}

/** The body of a frame of these records, which are storable. */
export function bodyOf(...records: readonly LogRecord[]): Uint8Array {
  const writer = new MessagePackWriter(64);
  const fault = encodeRecords(writer, records);
  if (fault !== undefined) throw new Error(JSON.stringify(fault));
  return writer.bytes.slice(0, writer.at);
}

/** Why a payload cannot be stored. */
export function refusalOf(payload: unknown): Extract<EncodeFault, { kind: "unstorable" }> {
  const fault = encodeRecords(new MessagePackWriter(64), [dataRecord(payload)]);
  if (fault?.kind !== "unstorable") throw new Error(`it was not refused: ${JSON.stringify(fault)}`);
  return fault;
}
