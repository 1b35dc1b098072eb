import type { DataRecord, LaneId, LogRecord, Span } from "@refold/core";
import type { DecodedFrame, RecordedRun } from "@refold/testkit";
import { expect } from "vitest";

import type { FlowDefinition, StageDefinition } from "../src/index.ts";

interface Input {
  readonly lane: LaneId;
  readonly seq: number;
  readonly record: LogRecord;
}

/**
 * Holds what is on record of a run against what every run promises, however it ended: dense numbers; a step's inputs and
 * outputs in one frame; inputs taken once, in order, none left out; causes and origins that lead to where an output came
 * from; and, in a run that completed, ends and a seal that count right.
 */
export function checkRecord(recorded: RecordedRun, definition: FlowDefinition): void {
  checkNumbers(recorded);
  for (const stage of definition.stages) {
    checkMoves(recorded, stage.name);
    if (stage.kind === "source") checkSource(recorded, stage);
    else if (stage.kind === "observer") checkObserver(recorded, stage);
    else checkReader(recorded, stage);
  }
  checkSeal(recorded, definition);
}

function checkNumbers(recorded: RecordedRun): void {
  const next = recorded.manifest.lanes.map(() => 0);
  let lsn = 0;
  let timeMs = 0;
  for (const frame of recorded.frames) {
    expect(frame.lsn).toBe(lsn++);
    expect(frame.firstSeq).toBe(next[frame.lane]);
    expect(frame.records.length).toBeGreaterThan(0);
    expect(frame.timeMs).toBeGreaterThanOrEqual(timeMs);
    timeMs = frame.timeMs;
    next[frame.lane] = frame.firstSeq + frame.records.length;
  }
  expect(recorded.frames[0]?.records.map(({ kind }) => kind)).toEqual(["epoch"]);
}

/** Each transition begins in the state that the one before it led to. */
function checkMoves(recorded: RecordedRun, lane: string): void {
  let state = "created";
  for (const { from, to } of recorded.recordsOf(lane, "transition")) {
    expect(from).toBe(state);
    state = to;
  }
}

function checkSource(recorded: RecordedRun, { name, lane }: StageDefinition): void {
  for (const frame of recorded.framesOf(name)) {
    for (const [index, record] of frame.records.entries()) {
      if (record.kind !== "data") continue;
      expect(record).toMatchObject({ cause: undefined, originLane: lane, originSeq: frame.firstSeq + index });
    }
  }
  checkEnd(recorded, name);
}

function checkReader(recorded: RecordedRun, stage: Exclude<StageDefinition, { kind: "source" | "observer" }>): void {
  const unread = new Map(stage.inputs.map(({ from }) => [from, dataPath(recorded, from)]));
  const everything = new Map<LaneId, { first: number; last: number }>();
  let inputs: readonly Input[] = [];
  for (const frame of recorded.framesOf(stage.name)) {
    for (const [index, record] of frame.records.entries()) {
      if (record.kind === "consumed") {
        expect(index).toBe(0);
        inputs = record.spans.flatMap((span) => takeSpan(span, unread));
        for (const { lane, seq } of inputs) {
          const span = everything.get(lane);
          if (span === undefined) everything.set(lane, { first: seq, last: seq });
          else span.last = seq;
        }
      } else if (record.kind === "data") checkOutput(record, frame.firstSeq + index, { stage, inputs, everything });
    }
  }
  if (stage.kind === "sink") checkReceipts(recorded, stage);
  const { name } = stage;
  if (recorded.moves(name).at(-1) === "drained") {
    for (const rest of unread.values()) expect(rest).toEqual([]);
    if (stage.kind !== "sink") checkEnd(recorded, name);
  }
}

/** All that an observer leaves behind is how it fared. */
function checkObserver(recorded: RecordedRun, { name }: StageDefinition): void {
  for (const { kind } of recorded.records(name)) expect(kind).toBe("transition");
}

/** Every input of a step has one receipt, or two where it was buffered and is committed. */
function checkReceipts(
  recorded: RecordedRun,
  { name, inputs: edges }: Extract<StageDefinition, { kind: "sink" }>,
): void {
  const unread = new Map(edges.map(({ from }) => [from, dataPath(recorded, from)]));
  const buffered = new Set<string>();
  let inputs: readonly string[] = [];
  let next = 0;
  for (const record of recorded.records(name)) {
    if (record.kind === "consumed") {
      expect(next).toBe(inputs.length);
      inputs = record.spans.flatMap((span) => takeSpan(span, unread)).map(({ lane, seq }) => `${lane}:${seq}`);
      next = 0;
    }
    if (record.kind !== "receipt") continue;
    const { outcome, first, count, spans = [] } = record;
    expect(count).toBeGreaterThan(0);
    if (outcome === "partial") expect([first, count]).toEqual([0, inputs.length]);
    else if (outcome === "committed") {
      const committed = spans.flatMap(({ lane, first: from, last }) =>
        [...buffered].filter((place) => {
          const [at, seq] = place.split(":").map(Number) as [number, number];
          return at === lane && seq >= from && seq <= last;
        }),
      );
      expect(committed).toHaveLength(count);
      for (const place of committed) buffered.delete(place);
    } else {
      expect(first).toBe(next);
      next += count;
      if (outcome === "buffered") for (const place of inputs.slice(first, next)) buffered.add(place);
    }
  }
  expect(next).toBe(inputs.length);
  if (recorded.moves(name).at(-1) === "drained") expect([...buffered]).toEqual([]);
}

/** The data inputs within a span, which has to name exactly what is next of its lane. */
function takeSpan(span: Span, unread: ReadonlyMap<LaneId, { seq: number; record: LogRecord }[]>): readonly Input[] {
  const queue = unread.get(span.lane);
  expect(queue?.[0]?.seq).toBe(span.first);
  const taken = (queue ?? []).splice(0, (queue ?? []).filter(({ seq }) => seq <= span.last).length);
  expect(taken.at(-1)?.seq).toBe(span.last);
  return taken
    .filter(({ record }) => record.kind === "data")
    .map(({ seq, record }) => ({ lane: span.lane, seq, record }));
}

function checkOutput(
  record: DataRecord,
  seq: number,
  at: {
    readonly stage: Exclude<StageDefinition, { kind: "source" | "observer" }>;
    readonly inputs: readonly Input[];
    readonly everything: ReadonlyMap<LaneId, { readonly first: number; readonly last: number }>;
  },
): void {
  const { stage, inputs, everything } = at;
  if (stage.kind === "stateful") {
    const causes = record.cause as readonly Span[];
    expect(causes.length > 0 || everything.size === 0).toBe(true);
    for (const { lane, first, last } of causes) {
      expect(first).toBeGreaterThanOrEqual(everything.get(lane)?.first as number);
      expect(last).toBeLessThanOrEqual(everything.get(lane)?.last as number);
    }
    expect(record).toMatchObject({ originLane: stage.lane, originSeq: seq });
    return;
  }
  if (stage.kind === "join") {
    checkJoined(record, stage, inputs, everything);
    return;
  }
  const cause = inputs[record.cause as number]?.record as DataRecord;
  expect(cause).toBeDefined();
  expect(record).toMatchObject({ originLane: cause.originLane, originSeq: cause.originSeq });
}

/** Single places that were taken, one of them of the stream, in the step at hand, whose origin the output has. */
function checkJoined(
  { cause, originLane, originSeq }: DataRecord,
  stage: Exclude<StageDefinition, { kind: "source" }>,
  inputs: readonly Input[],
  everything: ReadonlyMap<LaneId, { readonly first: number; readonly last: number }>,
): void {
  const causes = cause as readonly Span[];
  const streams = new Set(stage.inputs.filter(({ reference }) => reference === undefined).map(({ from }) => from));
  const ofStream = causes.filter(({ lane }) => streams.has(lane));
  expect(ofStream).toHaveLength(1);
  for (const { lane, first, last } of causes) {
    expect(first).toBe(last);
    expect(first).toBeGreaterThanOrEqual(everything.get(lane)?.first as number);
    expect(last).toBeLessThanOrEqual(everything.get(lane)?.last as number);
  }
  const input = inputs.find(({ lane, seq }) => lane === ofStream[0]?.lane && seq === ofStream[0].first);
  expect(input?.record).toMatchObject({ originLane, originSeq });
}

/** The end of a lane is the last of its data path, and advertises what the lane holds. A lane that failed ends poisoned. */
function checkEnd(recorded: RecordedRun, name: string): void {
  const ends = recorded.recordsOf(name, "end");
  const last = recorded.moves(name).at(-1);
  expect(ends.length).toBe(last === "drained" || last === "failed" ? 1 : 0);
  for (const { end } of ends) expect(end === "poison").toBe(last === "failed");
  const path = recorded.records(name).filter(({ kind }) => kind === "data" || kind === "end");
  for (const end of ends) {
    expect(path.at(-1)).toBe(end);
    expect(end.counts.map(({ count }) => count)).toEqual([path.length - 1]);
  }
}

function checkSeal(recorded: RecordedRun, definition: FlowDefinition): void {
  const seals = recorded.recordsOf("system", "seal");
  for (const seal of seals) {
    expect(recorded.frames.at(-1)?.records).toEqual([seal]);
    expect(seal.data).toEqual([0, ...definition.stages.map(({ name }) => recorded.payloads(name).length)]);
  }
}

function dataPath(recorded: RecordedRun, lane: LaneId): { seq: number; record: LogRecord }[] {
  return recorded
    .framesOf(recorded.manifest.lanes[lane] as string)
    .flatMap((frame: DecodedFrame) => frame.records.map((record, index) => ({ seq: frame.firstSeq + index, record })))
    .filter(({ record }) => record.kind === "data" || record.kind === "end");
}
