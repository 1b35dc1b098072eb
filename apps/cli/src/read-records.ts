import { err, ok, type Result } from "neverthrow";

import {
  explainFault,
  FrameDecoder,
  RecordDecoder,
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

/**
 * Every frame of a run that is still there, decoded, batch by batch; on with what is appended if `follow` is set. A payload that was
 * let go of is undefined, though its record names where it was. After a fault nothing follows.
 */
export async function* readRecords(
  reader: RunReader,
  follow: boolean,
): AsyncGenerator<Result<readonly ReadFrame[], CliFault>, undefined> {
  const decoder = new FrameDecoder(reader);
  const bare = new RecordDecoder();
  for await (const batch of follow ? reader.follow(reader.first) : reader.read(reader.first)) {
    if (batch.isErr()) {
      yield err(storeFault(batch.error));
      return;
    }
    const read: ReadFrame[] = [];
    for (const frame of batch.value) {
      const decoded = await decoder.decode(frame);
      const isLetGo = decoded.isErr() && decoded.error.kind === "payload-missing" && reader.first > 0;
      const shown: Result<{ readonly records: readonly LogRecord[] }, FrameFault> = isLetGo
        ? bare.decode(frame.body).map((records) => ({ records }))
        : decoded;
      if (shown.isErr()) {
        if (read.length > 0) yield ok(read);
        yield err(readFault(shown.error, frame.lsn));
        return;
      }
      read.push({ frame, records: shown.value.records });
    }
    yield ok(read);
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
