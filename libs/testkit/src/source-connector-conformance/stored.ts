import { encodeRecords, MessagePackWriter, RecordDecoder } from "@refold/core";

import { check, valueOf } from "../conformance/expect.ts";

/** A value as a later process has it: written to a log, and read back. */
export function stored(value: unknown, what: string): unknown {
  const writer = new MessagePackWriter(64);
  const fault = encodeRecords(writer, [{ kind: "cursor", cursor: value }]);
  check(fault === undefined, `${what} can be stored: ${JSON.stringify(fault)}`);
  const [record] = valueOf(new RecordDecoder().decode(writer.bytes.slice(0, writer.at)));
  check(record?.kind === "cursor", `${what} comes back from the log`);
  return record.cursor;
}
