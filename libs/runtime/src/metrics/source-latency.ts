import { Histogram, type DataRecord, type LaneId, type LaneSeq } from "@refold/core";

const REMEMBERED_FRAMES = 8192;

/** The record at the root of another. */
export type Origin = Pick<DataRecord, "originLane" | "originSeq">;

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

  /** A source has put `count` records on record. */
  written(lane: LaneId, firstSeq: LaneSeq, count: number, timeMs: number): void {
    const frames = this.#frames.get(lane) ?? [];
    this.#frames.set(lane, frames);
    frames.push({ first: firstSeq, last: firstSeq + count - 1, timeMs });
    if (frames.length > REMEMBERED_FRAMES * 2) frames.splice(0, REMEMBERED_FRAMES);
  }

  /** Records have the receipts that end them. Those of one frame of a source are mostly together, and are looked up once. */
  delivered(records: readonly Origin[], nowMs: number): void {
    for (let i = 0; i < records.length;) {
      const { originLane, originSeq } = records[i] as Origin;
      const frame = this.#find(originLane, originSeq);
      let next = i + 1;
      if (frame === undefined) {
        i = next;
        continue;
      }
      for (; next < records.length; next++) {
        const record = records[next] as Origin;
        if (record.originLane !== originLane || record.originSeq < frame.first || record.originSeq > frame.last) break;
      }
      this.histogram.record(nowMs - frame.timeMs, next - i);
      i = next;
    }
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
