import { err, ok, type Result } from "neverthrow";

import { Malformed, MessagePackReader } from "./message-pack-reader.ts";
import { MessagePackWriter } from "./message-pack-writer.ts";
import type { DecodeFault } from "./record-codec.ts";
import { Unstorable, type UnstorableReason } from "./unstorable.ts";

/** A value that cannot be stored: which of those given, and why. */
export interface ValueFault {
  readonly kind: "unstorable";
  readonly value: number;
  readonly reason: UnstorableReason;
  readonly detail: string;
  readonly path: string;
}

/** Encodes values as payloads are, one after the other. Together they may take `limitBytes`. */
export function encodeValues(values: readonly unknown[], limitBytes: number): Result<Uint8Array, ValueFault> {
  const writer = new MessagePackWriter(INITIAL_BYTES);
  writer.array(values.length);
  for (const [index, value] of values.entries()) {
    try {
      writer.payload(value, undefined, limitBytes - writer.at);
    } catch (fault) {
      if (!(fault instanceof Unstorable)) throw fault;
      const { reason, detail, path } = fault;
      return err({ kind: "unstorable", value: index, reason, detail, path });
    }
  }
  return ok(writer.bytes.subarray(0, writer.at));
}

/** The values that {@link encodeValues} was given. */
export function decodeValues(body: Uint8Array): Result<readonly unknown[], DecodeFault> {
  const reader = new MessagePackReader();
  reader.open(body);
  try {
    const values = Array.from({ length: reader.arrayLength() }, () => reader.value());
    if (!reader.done) throw reader.malformed("bytes after the last value");
    return ok(values);
  } catch (fault) {
    if (!(fault instanceof Malformed)) throw fault;
    return err({ kind: "malformed-body", detail: fault.detail, at: fault.at - body.byteOffset });
  }
}

const INITIAL_BYTES = 64 * 1024;
