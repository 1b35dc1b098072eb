import type { Clock, Logger, RetainMode, RunLog } from "@refold/core";

import type { LaneWriter } from "../supervision/lane-writer.ts";
import type { Hold } from "./hold.ts";
import { FramesNeeded } from "./frames-needed.ts";
import { Retention } from "./retention.ts";
import { encodeRunState, type LaneState, type RunState } from "./run-state.ts";

/** How often to look whether a snapshot is due; and how soon again, where a stage was in the middle of a step. */
const LOOK_MS = 200;
const LOOK_AGAIN_MS = 10;

/** The next snapshot is not taken before so many times what the last one took has passed. */
const REST = 20;

export interface SnapshotTakerOptions {
  readonly log: RunLog;
  /** Of all lanes, the system's first. */
  readonly writers: readonly LaneWriter[];
  /** How many stages may pass payloads on. */
  readonly passers: number;
  readonly everyMs: number;
  readonly everyRecords: number;
  readonly clock: Clock;
  readonly hold: Hold;
  readonly logger: Logger | undefined;
  /** What becomes of the frames that nobody needs to go on, and how long they stay at least. */
  readonly retention: { readonly mode: RetainMode | "keep"; readonly keepMs: number };
  /** Who computes the run. */
  readonly process: Pick<RunState, "refold" | "runtime" | "fingerprints">;
  /** How many frames before this process somebody went on with the run by force. */
  readonly forcedBehind: number;
  /** What every lane has come to; `undefined` while one cannot tell. */
  readonly lanes: () => readonly LaneState[] | undefined;
}

/** Takes snapshots of a run while it goes on, so that it can be gone on with soon after a kill. */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions;
  readonly #needed: FramesNeeded;
  readonly #retention: Retention;
  /** Where the last one was taken, when, and from when on the next may be. */
  #records: number;
  #takenAtMs: number;
  #restsUntilMs: number;
  #keeping = false;
  #stopped = false;
  #disarm: (() => void) | undefined;

  constructor(options: SnapshotTakerOptions) {
    this.#options = options;
    const { log, clock, logger, retention } = options;
    this.#needed = new FramesNeeded(options.passers, this.#recordsNow === 0);
    this.#retention = new Retention({ log, clock, logger, ...retention });
    this.#records = this.#recordsNow;
    this.#takenAtMs = this.#restsUntilMs = clock.now();
  }

  start(): void {
    this.#needed.mark(this.#frames, this.#nextSeqs);
    this.#options.hold.onFree = () => this.#lookNext();
    this.#arm(this.#lookMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#disarm?.();
    this.#options.hold.end();
  }

  get #lookMs(): number {
    return Math.min(LOOK_MS, this.#options.everyMs);
  }

  #arm(delayMs: number): void {
    this.#disarm = this.#options.clock.schedule(delayMs, () => this.#lookNext());
  }

  /** A turn later: nobody is in the middle of anything then, even where a timer fires while somebody looks at the clock. */
  #lookNext(): void {
    void this.#options.clock.turn().then(() => {
      if (!this.#stopped) this.#look();
    });
  }

  #look(): void {
    this.#needed.mark(this.#frames, this.#nextSeqs);
    const { clock, hold } = this.#options;
    const nowMs = clock.now();
    if (!this.#isDue(nowMs)) return this.#arm(this.#lookMs);
    const lanes = this.#options.lanes();
    // Whoever is free the last looks again.
    if (lanes === undefined && !hold.isFree) return hold.begin();
    const goesOn = lanes === undefined || this.#take(lanes);
    hold.end();
    this.#restsUntilMs = nowMs + (clock.now() - nowMs) * REST;
    if (goesOn) this.#arm(lanes === undefined ? LOOK_AGAIN_MS : this.#lookMs);
  }

  #isDue(nowMs: number): boolean {
    const { everyMs, everyRecords } = this.#options;
    const records = this.#recordsNow - this.#records;
    if (this.#keeping || records === 0 || nowMs < this.#restsUntilMs) return false;
    return records >= everyRecords || nowMs - this.#takenAtMs >= everyMs;
  }

  /** False if what stages have come to cannot be stored: then it makes no sense to try again. */
  #take(lanes: readonly LaneState[]): boolean {
    const { log, clock, process, logger } = this.#options;
    const frames = this.#frames;
    const unread = lanes.flatMap(({ stage }) => [...stage.unread, ...(stage.delivery?.buffered.flat() ?? [])]);
    const unreadFrom = this.#needed.unreadFrom(frames, unread);
    const payloadsFrom = this.#needed.payloadsFrom(unreadFrom);
    const timeMs = Math.max(...lanes.map((lane) => lane.timeMs));
    const behind = {
      unreadBehind: frames - unreadFrom,
      payloadsBehind: frames - payloadsFrom,
      epochBehind: frames,
      forcedBehind: frames + this.#options.forcedBehind,
    };
    const body = encodeRunState({ runId: log.manifest.runId, ...process, ...behind, timeMs, lanes });
    if (body.isErr()) {
      const stage = log.manifest.lanes[body.error.value] ?? "";
      const { detail, path } = body.error;
      logger?.warn(`no snapshots of this run: the state of ${stage} cannot be stored`, { detail, path });
      return false;
    }
    this.#records = this.#recordsNow;
    this.#takenAtMs = clock.now();
    this.#keeping = true;
    void log.keepSnapshot(body.value).then((kept) => {
      this.#keeping = false;
      if (kept.isOk()) this.#retention.kept(kept.value - behind.payloadsBehind);
      else if (kept.error.kind === "storage") {
        logger?.warn("a snapshot could not be kept", { cause: String(kept.error.cause) });
      }
    });
    return true;
  }

  /** How many frames this process has put on record. */
  get #frames(): number {
    return this.#options.writers.reduce((most, { position }) => Math.max(most, position), 0);
  }

  get #nextSeqs(): readonly number[] {
    return this.#options.writers.map(({ nextSeq }) => nextSeq);
  }

  get #recordsNow(): number {
    return this.#options.writers.reduce((sum, { nextSeq }) => sum + nextSeq, 0);
  }
}
