import { err, ok, type Result } from "neverthrow";

import {
  explainFault,
  FrameDecoder,
  type FrameFault,
  type LogRecord,
  type Lsn,
  type RunReader,
  type StoredFrame,
} from "@refold/core";

import { refused, storeFault, type CliFault } from "./cli-fault.ts";

/** A frame with its records. */
export interface ReadFrame {
  readonly frame: StoredFrame;
  readonly records: readonly LogRecord[];
}

/** Every frame of a run, decoded, batch by batch; on with what is appended if `follow` is set. After a fault nothing follows. */
export async function* readRecords(
  reader: RunReader,
  follow: boolean,
): AsyncGenerator<Result<readonly ReadFrame[], CliFault>, undefined> {
  let next = 0 as Lsn;
  const batches = follow ? reader.follow(next) : reader.read(next);
  for await (const batch of new FrameDecoder(reader).decodeAll(batches)) {
    if (batch.isErr()) {
      yield err(readFault(batch.error, next));
      return;
    }
    next = (next + batch.value.length) as Lsn;
    yield ok(batch.value.map((frame) => ({ frame, records: frame.records })));
  }
}

function readFault(fault: FrameFault, lsn: Lsn): CliFault {
  switch (fault.kind) {
    case "malformed-body":
      return refused(`Frame ${lsn}: ${explainFault(fault)}`);
    case "payload-missing":
      return refused(explainFault(fault));
    case "damaged":
    case "storage":
    case "not-retained":
      return storeFault(fault);
  }
}
