import { Histogram, type LaneId, type LaneSeq } from "@refold/core";

const REMEMBERED_FRAMES = 8192;

interface SourceFrame {
  readonly first: number;
  readonly last: number;
  readonly timeMs: number;
}

/**
 * How long records take from a source's frame to a sink's receipt. It remembers when the last frames of each source were
 * written; a record that is older, or an aggregate, which has no one source record, is not counted.
 */
export class SourceLatency {
  /** Milliseconds. */
  readonly histogram: Histogram = new Histogram();
  readonly #frames: Map<LaneId, SourceFrame[]> = new Map();
  #lane: LaneId | undefined;
  #hit: SourceFrame | undefined;

  /** A source has put `count` records on record. */
  written(lane: LaneId, firstSeq: LaneSeq, count: number, timeMs: number): void {
    const frames = this.#frames.get(lane) ?? [];
    this.#frames.set(lane, frames);
    frames.push({ first: firstSeq, last: firstSeq + count - 1, timeMs });
    if (frames.length > REMEMBERED_FRAMES * 2) frames.splice(0, REMEMBERED_FRAMES);
  }

  /** A record with this origin has its receipt. */
  delivered(lane: LaneId, seq: LaneSeq, nowMs: number): void {
    let hit = this.#hit;
    if (hit === undefined || lane !== this.#lane || seq < hit.first || seq > hit.last) {
      hit = this.#find(lane, seq);
      if (hit === undefined) return;
      this.#lane = lane;
      this.#hit = hit;
    }
    this.histogram.record(nowMs - hit.timeMs);
  }

  #find(lane: LaneId, seq: LaneSeq): SourceFrame | undefined {
    const frames = this.#frames.get(lane) ?? [];
    let low = 0;
    let high = frames.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const frame = frames[middle] as SourceFrame;
      if (seq < frame.first) high = middle - 1;
      else if (seq > frame.last) low = middle + 1;
      else return frame;
    }
    return undefined;
  }
}
