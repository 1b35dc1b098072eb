import { parsePlace, type LaneId, type LaneSeq } from "@refold/core";

import type { RecordedRun } from "./recorded-run.ts";

interface Found {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  /** The index of its frame among those on record. */
  readonly frame: number;
}

/**
 * Throws unless the places, such as `orders:3`, stand on record in the order given. It may be the chance of one run: see
 * {@link happensBefore} for what cannot be otherwise. Throws a RangeError for a place that is not on record.
 */
export function expectOrder(recorded: RecordedRun, ...places: readonly string[]): void {
  for (let i = 1; i < places.length; i++) {
    const [one, other] = [places[i - 1] as string, places[i] as string];
    const [a, b] = [found(recorded, one), found(recorded, other)];
    if (a.frame < b.frame || (a.frame === b.frame && a.seq < b.seq)) continue;
    throw new Error(`${one} is in frame ${a.frame} and does not come before ${other}, which is in frame ${b.frame}`);
  }
}

/**
 * Whether the record at `earlier` could have had a part in the one at `later`, so that every run has them in this order: it
 * stands before it in the same lane, or the lane of `later` had by then taken it in, at first or at second hand. Throws a
 * RangeError for a place that is not on record.
 */
export function happensBefore(recorded: RecordedRun, earlier: string, later: string): boolean {
  const from = found(recorded, earlier);
  const to = found(recorded, later);
  // The last record of each lane that is known to come before; found by going back from the later one.
  const known = new Map<LaneId, number>([[to.lane, to.seq]]);
  for (let index = to.frame; index >= from.frame; index--) {
    const { lane, firstSeq, records } = recorded.frames[index] as (typeof recorded.frames)[number];
    for (const [offset, record] of records.entries()) {
      if (record.kind !== "consumed" || firstSeq + offset > (known.get(lane) ?? -1)) continue;
      for (const span of record.spans) known.set(span.lane, Math.max(known.get(span.lane) ?? -1, span.last));
    }
  }
  return from.lane === to.lane ? from.seq < to.seq : from.seq <= (known.get(from.lane) ?? -1);
}

function found(recorded: RecordedRun, text: string): Found {
  const place = parsePlace(text);
  const lane = place === undefined ? -1 : recorded.manifest.lanes.indexOf(place.stage);
  const frame = recorded.frames.findIndex(
    (one) => one.lane === lane && place !== undefined && place.seq < one.firstSeq + one.records.length,
  );
  if (place === undefined || frame < 0) throw new RangeError(`"${text}" is not a place of this run`);
  return { lane: lane as LaneId, seq: place.seq, frame };
}
