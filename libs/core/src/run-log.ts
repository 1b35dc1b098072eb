import type { Result } from "neverthrow";

import type { EncodeFault } from "./codec/record-codec.ts";
import type { FrameDraft, StoredFrame } from "./frame.ts";
import type { Brand } from "./brand.ts";
import type { LogMetrics } from "./metrics.ts";
import type { Lsn, RunId } from "./place.ts";
import type { RunManifest } from "./run-manifest.ts";

/**
 * How many frames a writer has had accepted since it was opened. A writer waits on positions, not on lsns, which a remote
 * store may assign later.
 */
export type Position = Brand<number, "Position">;

/** Reading one run. */
export interface RunReader {
  readonly manifest: RunManifest;
  /** What was found at the end of the log and does not belong to it, when it was opened. */
  readonly tornTail: TornTail | undefined;
  /** Whether another process, or this one, holds the run for writing. */
  readonly writing: boolean;
  /**
   * The lsn of the first frame that is still there: 0, unless frames were let go of with `RunLog.retain`. A reader knows what
   * another process has let go of since it was opened only when it reads.
   */
  readonly first: Lsn;
  /**
   * Frames in the order of their lsn, from `from` on, in batches of one or more, up to the end there was when reading began.
   * Every frame is checked before it is shown, so reading from `first` checks the whole log. Reading from before `first`, or
   * coming to frames that were let go of meanwhile, gives `not-retained`. After a fault nothing follows.
   */
  read(from: Lsn): AsyncIterable<Result<readonly StoredFrame[], ReadFault>>;
  /** As `read`, and then on with what is appended, until the consumer leaves the loop or the run is sealed. */
  follow(from: Lsn): AsyncIterable<Result<readonly StoredFrame[], ReadFault>>;
  /**
   * The newest snapshot that is whole, of those from before the frame `before`; `undefined` where there is none. One that a
   * crash has left unfinished, or that is damaged, is passed by.
   */
  snapshot(before?: Lsn): Promise<Result<StoredSnapshot | undefined, StorageFault>>;
  /** The last frame of the log, or `undefined` when it has none. */
  last(): Promise<Result<StoredFrame | undefined, ReadFault>>;
  close(): Promise<void>;
}

/** Writing one run: at most one writer in all processes. */
export interface RunLog extends RunReader {
  /**
   * Takes a frame, whole or not at all, and never waits. The records are encoded before it returns: what the caller does to
   * payloads afterwards is not stored.
   */
  append(frame: FrameDraft): Result<Position, AppendFault>;
  /** What the bodies of all frames weigh that were accepted since the log was opened. */
  readonly bytes: number;
  /** What the log tells of its work since it was opened. */
  metrics(): LogMetrics;
  /** The position up to which frames are safe at the log's durability level. It never goes back. */
  readonly safe: Position;
  /**
   * Resolves when all frames up to `position` are safe: written to the operating system (`buffered`), or synced to the
   * device (`durable`, `strict`). Asking is what makes a log hurry; nobody need ask for frames to become safe in time.
   */
  whenSafe(position: Position): Promise<Result<void, StorageFault>>;
  /**
   * `undefined` while the log has room; else a promise of room. Writers wait for it before they take a further step, which
   * bounds what the log holds in memory. A promise of room also resolves when the log has failed: `append` tells.
   */
  room(): Promise<void> | undefined;
  /**
   * Keeps what the run has come to with all the frames that were accepted until now, once these are safe; the last two
   * snapshots stay. They are there for speed alone, while the log is whole: a fault does not stop the log. `body` is the log's
   * from now on. Resolves with the lsn of the first frame that is not in it.
   */
  keepSnapshot(body: Uint8Array): Promise<Result<Lsn, StorageFault | { readonly kind: "log-closed" }>>;
  /** The digest over all frames so far: a chained CRC-32 in hexadecimal, for logs that keep one. */
  digest(): string;
  /**
   * Lets go of frames before `from`, as far as the units allow in which the store keeps them; the last safe frame stays
   * whatever `from` is. With `archive` they are put aside, where the store has such a place; with `drop` they are removed. What
   * was begun when a crash came is ended by the next `resume`. The frames that stay keep their lsns, and `digest` is still that
   * of all frames there ever were. A fault does not stop the log: it can be appended to, and asked again.
   */
  retain(from: Lsn, how: RetainMode): Promise<Result<Retained, RetainFault>>;
  /**
   * Makes everything safe and gives the run up. After it, `append` answers `log-closed`. Closing twice is harmless. It waits for
   * writes that are under way for as long as the storage takes: a run that was given up earlier could be taken by another
   * writer while they still land.
   */
  close(): Promise<void>;
}

/** What a run had come to when `lsn` was its next frame, as its writer put it: the store does not look into it. */
export interface StoredSnapshot {
  readonly lsn: Lsn;
  readonly body: Uint8Array;
}

/** What becomes of frames that a log lets go of. */
export type RetainMode = "archive" | "drop";

/** What went when a log let go of frames. */
export interface Retained {
  /** The first frame that is there now. */
  readonly first: Lsn;
  readonly frames: number;
  /** The units in which the store keeps frames; 0 for one that has none. */
  readonly segments: number;
  /** The storage that they took. */
  readonly bytes: number;
}

/** Where runs are kept. */
export interface RunStore {
  /** Makes a new run and holds it for writing. */
  create(manifest: RunManifest): Promise<Result<RunLog, CreateFault>>;
  /** Opens a run for reading. A torn tail is not shown, and not cut. */
  open(runId: RunId): Promise<Result<RunReader, OpenFault>>;
  /**
   * Takes over a run for writing: locks it, checks what a crash may have left unfinished, and cuts a torn tail. What was safe
   * long before is checked when it is read.
   */
  resume(runId: RunId): Promise<Result<RunLog, OpenFault>>;
  /** Every run there is, the oldest first. What is not a run is listed with its fault, not left out. */
  list(): Promise<Result<readonly ListedRun[], StorageFault>>;
  /** Where people find a run: a path, a subject, a table. */
  locate(manifest: RunManifest): string;
}

export type ListedRun =
  | { readonly kind: "run"; readonly manifest: RunManifest; readonly location: string }
  | { readonly kind: "unreadable"; readonly location: string; readonly fault: OpenFault };

/** A frame that was cut short by a crash, with all that follows it. */
export interface TornTail {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
}

/** The storage below refused. Every later call on the same log gives the same fault. */
export interface StorageFault {
  readonly kind: "storage";
  readonly operation: string;
  readonly path: string;
  readonly cause: unknown;
}

export type AppendFault = EncodeFault | StorageFault | { readonly kind: "log-closed" };

/** Damage is in the middle of the log: it is refused by place, never skipped. */
export interface DamageFault {
  readonly kind: "damaged";
  readonly segment: string;
  readonly offset: number;
  readonly lsn: Lsn;
  readonly detail: string;
}

/** Frames that were asked for, from `asked` on, were let go of: the first that is there is `first`. */
export interface NotRetainedFault {
  readonly kind: "not-retained";
  readonly asked: Lsn;
  readonly first: Lsn;
}

export type ReadFault = DamageFault | StorageFault | NotRetainedFault;

export type RetainFault = DamageFault | StorageFault | { readonly kind: "log-closed" };

export type CreateFault = StorageFault | { readonly kind: "run-exists"; readonly runId: RunId };

export type OpenFault =
  | StorageFault
  | DamageFault
  | { readonly kind: "run-not-found"; readonly runId: string; readonly location: string }
  | { readonly kind: "not-a-run"; readonly location: string; readonly detail: string }
  | ManifestFault
  | { readonly kind: "locked"; readonly location: string; readonly holder: string };

/** A manifest that cannot be used. `location` says which. */
export type ManifestFault =
  | { readonly kind: "manifest-malformed"; readonly location: string; readonly detail: string }
  | {
      readonly kind: "later-format";
      readonly location: string;
      readonly format: number;
      readonly supported: number;
    };
