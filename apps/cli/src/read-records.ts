import { err, ok, type Result } from "neverthrow";

import { RecordDecoder, type LogRecord, type Lsn, type RunReader, type StoredFrame } from "@refold/core";
import { explainFault } from "@refold/core";

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
  const decoder = new RecordDecoder();
  const start = 0 as Lsn;
  for await (const batch of follow ? reader.follow(start) : reader.read(start)) {
    if (batch.isErr()) {
      yield err(storeFault(batch.error));
      return;
    }
    const frames: ReadFrame[] = [];
    for (const frame of batch.value) {
      const records = decoder.decode(frame.body);
      if (records.isErr()) {
        yield ok(frames);
        yield err(refused(`Frame ${frame.lsn}: ${explainFault(records.error)}`));
        return;
      }
      frames.push({ frame, records: records.value });
    }
    yield ok(frames);
  }
}
