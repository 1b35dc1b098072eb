import type { LaneId } from "@refold/core";

import { LogMarks } from "./log-marks.ts";

/** A snapshot that was taken: in how many frames, and before which of them nothing was needed to go on. */
interface Taken {
  readonly frames: number;
  readonly unreadFrom: number;
}

const MOST_TAKEN = 256;

/** Tells which frames of a log are still needed to go on from a snapshot. Frames are counted since this process began. */
export class FramesNeeded {
  readonly #marks: LogMarks = new LogMarks();
  readonly #passers: number;
  #taken: readonly Taken[];

  /** `passers` is how many stages may pass payloads on; `isNew` says that the run has no frame before the first that is counted. */
  constructor(passers: number, isNew: boolean) {
    this.#passers = passers;
    this.#taken = [{ frames: 0, unreadFrom: isNew ? 0 : Number.NEGATIVE_INFINITY }];
  }

  /** Notes, from time to time, how many frames there are and which seq is the next of each lane. */
  mark(frames: number, nextSeqs: readonly number[]): void {
    this.#marks.add(frames, nextSeqs);
  }

  /** A snapshot is taken of that many frames: the first frame that is needed for what stages have not taken yet. */
  unreadFrom(frames: number, unread: readonly { readonly lane: LaneId; readonly first: number }[]): number {
    const unreadFrom = this.#marks.before(unread) ?? Number.NEGATIVE_INFINITY;
    this.#taken = [...this.#taken, { frames, unreadFrom }].slice(-MOST_TAKEN);
    return unreadFrom;
  }

  /**
   * The first frame that may hold a payload that a record from `from` on passes on. Whoever passes one on had taken it, or had
   * been passed it, as an input after the last snapshot before; and so on, for as many stages as may do so.
   */
  payloadsFrom(from: number): number {
    let first = from;
    for (let stage = 0; stage < this.#passers && first > 0; stage++) {
      const before = this.#taken.findLast(({ frames }) => frames <= first);
      if (before === undefined) return Number.NEGATIVE_INFINITY;
      first = before.unreadFrom;
    }
    return first;
  }
}
