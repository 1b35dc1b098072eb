import { err, ok, type Result } from "neverthrow";

import {
  parsePlace,
  RecordDecoder,
  SYSTEM_LANE,
  type Lsn,
  type ReadFault,
  type RunReader,
  type StoredFrame,
} from "@refold/core";

/** Why there is no such point in a run. */
export type ForkPointFault =
  | ReadFault
  /** The text is neither the number of a frame nor a place. */
  | { readonly kind: "no-point"; readonly text: string }
  /** The run has no such frame, or no such record. */
  | { readonly kind: "beyond-record"; readonly text: string; readonly frames: number }
  /** It is behind the seal of a run that is complete: nothing is left to go on with. */
  | { readonly kind: "already-completed" };

/**
 * How many frames of a run come before a point: a frame by its number, or the frame that holds the record at `stage:seq`. The
 * number of frames itself is the end of the run, from which it can be forked if it is not complete.
 */
export async function forkPoint(reader: RunReader, text: string): Promise<Result<Lsn, ForkPointFault>> {
  const place = parsePlace(text);
  const lsn = /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
  if (place === undefined && lsn === undefined) return err({ kind: "no-point", text });
  const lane = place === undefined ? -1 : reader.manifest.lanes.indexOf(place.stage);
  let frames = 0;
  let last: StoredFrame | undefined;
  for await (const batch of reader.read(0 as Lsn)) {
    if (batch.isErr()) return err(batch.error);
    for (const frame of batch.value) {
      frames = frame.lsn + 1;
      last = frame;
      if (place === undefined || frame.lane !== lane) continue;
      if (place.seq >= frame.firstSeq && place.seq < frame.firstSeq + frame.count) return ok(frame.lsn);
    }
  }
  if (lsn === undefined || lsn > frames) return err({ kind: "beyond-record", text, frames });
  if (lsn === frames && last !== undefined && completes(last)) return err({ kind: "already-completed" });
  return ok(lsn as Lsn);
}

/** Whether a frame is the last of a run that is complete. One that cannot be read is told of by whoever copies it. */
function completes({ lane, body }: StoredFrame): boolean {
  if (lane !== SYSTEM_LANE) return false;
  const records = new RecordDecoder().decode(body);
  return records.isOk() && records.value.some((record) => record.kind === "seal" && record.status === "completed");
}
