import type { AppendFault, FrameDraft, Position, RunLog, StorageFault } from "@refold/core";
import { err, type Result } from "neverthrow";

/** What a test does at each frame that a run appends. */
export interface LogTapOptions {
  /** Called with the frame and its number, from 0, before the log gets it. A fault that is returned is the answer instead. */
  readonly before?: (frame: FrameDraft, number: number) => AppendFault | undefined;
  /** Called when the log has accepted the frame. */
  readonly after?: (frame: FrameDraft, number: number) => void;
}

/**
 * A log that tells what is appended to it, and refuses what it is told to. As with any log, after a `storage` fault each
 * later call gives that fault.
 */
export function tapLog(log: RunLog, { before, after }: LogTapOptions): RunLog {
  let number = 0;
  let failed: StorageFault | undefined;
  return {
    get manifest() {
      return log.manifest;
    },
    get tornTail() {
      return log.tornTail;
    },
    get writing() {
      return log.writing;
    },
    get first() {
      return log.first;
    },
    get safe() {
      return log.safe;
    },
    get bytes() {
      return log.bytes;
    },
    metrics: () => log.metrics(),
    append(frame): Result<Position, AppendFault> {
      const fault = failed ?? before?.(frame, number);
      if (fault?.kind === "storage") failed = fault;
      if (fault !== undefined) return err(fault);
      const appended = log.append(frame);
      if (appended.isErr()) return appended;
      after?.(frame, number);
      number++;
      return appended;
    },
    whenSafe: async (position) => (failed === undefined ? log.whenSafe(position) : err(failed)),
    room: () => log.room(),
    digest: () => log.digest(),
    read: (from) => log.read(from),
    follow: (from) => log.follow(from),
    last: () => log.last(),
    snapshot: (before) => log.snapshot(before),
    keepSnapshot: async (body) => (failed === undefined ? log.keepSnapshot(body) : err(failed)),
    retain: (from, how) => log.retain(from, how),
    close: () => log.close(),
  };
}
