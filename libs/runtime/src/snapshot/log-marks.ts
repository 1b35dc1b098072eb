import type { LaneId } from "@refold/core";

/** How far a log and each of its lanes went at one time. */
interface Mark {
  readonly frames: number;
  readonly nextSeqs: readonly number[];
}

const MOST_MARKS = 64;

/** Tells about how far back a record stands in the log. It looks from time to time, and less closely at what is long past. */
export class LogMarks {
  #marks: readonly Mark[] = [];

  /** Notes how many frames the log has, and which seq is the next of each lane. */
  add(frames: number, nextSeqs: readonly number[]): void {
    if (this.#marks.at(-1)?.frames === frames) return;
    this.#marks = [...this.#marks, { frames, nextSeqs }];
    // Every other one of the older half goes.
    if (this.#marks.length > MOST_MARKS)
      this.#marks = this.#marks.filter((_, index) => index > MOST_MARKS / 2 || index % 2 === 0);
  }

  /** A number of frames in which there is none of these records; `undefined` where some are older than all that was noted. */
  before(records: readonly { readonly lane: LaneId; readonly first: number }[]): number | undefined {
    const holdsNone = ({ nextSeqs }: Mark): boolean =>
      records.every(({ lane, first }) => (nextSeqs[lane] ?? 0) <= first);
    return this.#marks.findLast(holdsNone)?.frames;
  }
}
