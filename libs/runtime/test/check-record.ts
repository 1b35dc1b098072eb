import type { DataRecord, LaneId, LogRecord, Span, TransitionRecord, TypeId } from "@refold/core";
import type { DecodedFrame, RecordedRun } from "@refold/testkit";
import { expect } from "vitest";

import type { InputDefinition } from "../src/definition/flow-definition.ts";
import { recordView } from "../src/edge/record-view.ts";
import type { FlowDefinition, StageDefinition } from "../src/index.ts";

/** A record of a lane's data path, with the frame that it came in. */
interface OnRecord {
  readonly seq: number;
  readonly record: LogRecord;
  readonly at: number;
}

type Reader = Exclude<StageDefinition, { kind: "source" | "observer" | "sink" }>;

interface Input {
  readonly lane: LaneId;
  readonly seq: number;
  readonly record: LogRecord;
}

/**
 * Holds what is on record of a run against what every run promises, however it ended and however often it was gone on with:
 * dense numbers; a step's inputs and outputs in one frame; inputs taken once, in order, none left out; causes and origins that
 * lead to where an output came from; and, in a run that completed, ends and a seal that count right.
 */
export function checkRecord(recorded: RecordedRun, definition: FlowDefinition): void {
  checkNumbers(recorded);
  for (const stage of definition.stages) {
    checkMoves(recorded, stage);
    checkEnds(recorded, stage);
    if (stage.kind === "source") checkSource(recorded, stage);
    else if (stage.kind === "observer") checkObserver(recorded, stage);
    else if (stage.kind === "sink") checkSink(recorded, stage);
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

/** Each transition begins in the state that the one before it led to; a process that takes over begins anew what is not done. */
function checkMoves(recorded: RecordedRun, { lane }: StageDefinition): void {
  let state = "created";
  let end: unknown;
  for (const { lane: from, records } of recorded.frames) {
    if (isEpoch(records) && !(state === "drained" && end === "natural")) state = "created";
    if (from !== lane) continue;
    for (const record of records) {
      if (record.kind === "end") end = record.end;
      if (record.kind !== "transition") continue;
      expect(record.from).toBe(state);
      state = record.to;
      if (record.event.kind === "inputs-ended") end = (record.event as { readonly end?: unknown }).end;
    }
  }
}

function checkSource(recorded: RecordedRun, { name, lane }: StageDefinition): void {
  for (const frame of recorded.framesOf(name)) {
    for (const [index, record] of frame.records.entries()) {
      if (record.kind !== "data") continue;
      expect(record).toMatchObject({ cause: undefined, originLane: lane, originSeq: frame.firstSeq + index });
    }
  }
}

function checkReader(recorded: RecordedRun, stage: Reader): void {
  const unread = new Map(stage.inputs.map((input) => [input.from, readable(recorded, input)]));
  const everything = new Map<LaneId, { first: number; last: number }>();
  const passedBy = new PassedBy(stage);
  /** Whether it has inputs again that it had taken, and was not begun anew since. */
  let isToBegin = false;
  let inputs: readonly Input[] = [];
  for (const frame of recorded.frames) {
    if (isEpoch(frame.records)) {
      voidEnds(unread, frame.lsn);
      isToBegin = passedBy.putBack(unread) || isToBegin;
    }
    if (frame.lane !== stage.lane) continue;
    if (frame.records.some(({ kind }) => kind === "transition")) isToBegin = false;
    for (const [index, record] of frame.records.entries()) {
      if (record.kind === "consumed") {
        expect(index).toBe(0);
        passedBy.take(record.spans, unread);
        inputs = record.spans.flatMap((span) => takeSpan(span, unread));
        for (const { lane, seq } of inputs) {
          const span = everything.get(lane);
          if (span === undefined) everything.set(lane, { first: seq, last: seq });
          else span.last = seq;
        }
      } else if (record.kind === "data") checkOutput(record, frame.firstSeq + index, { stage, inputs, everything });
      else if (record.kind === "error" && typeof record.cause === "number") {
        expect((inputs[record.cause]?.record as DataRecord).payload).toEqual(record.input);
      }
    }
  }
  if (!isToBegin) checkNoneLeft(recorded, stage, unread);
}

/** The stream's records that a join takes and puts out nothing for, since a reference was cut short: it gets them again. */
class PassedBy {
  readonly #references: ReadonlySet<LaneId>;
  readonly #hydrates: boolean;
  #isCutShort = false;
  #inputs: (OnRecord & { readonly lane: LaneId })[] = [];

  constructor(stage: Reader) {
    const references = stage.inputs.filter(({ reference }) => reference !== undefined);
    this.#references = new Set(references.map(({ from }) => from));
    this.#hydrates = stage.kind === "join" && stage.hydrates;
  }

  /** What is to be taken, before it is. */
  take(spans: readonly Span[], unread: ReadonlyMap<LaneId, readonly OnRecord[]>): void {
    if (!this.#hydrates) return;
    for (const { lane, last } of spans) {
      const taken = (unread.get(lane) ?? []).filter(({ seq }) => seq <= last);
      if (!this.#references.has(lane)) {
        if (this.#isCutShort) this.#inputs.push(...taken.map((input) => ({ ...input, lane })));
      } else if (taken.some(({ record }) => record.kind === "end" && record.end !== "natural")) this.#isCutShort = true;
    }
  }

  /** Returns whether there was anything to put back. */
  putBack(unread: ReadonlyMap<LaneId, OnRecord[]>): boolean {
    for (const input of this.#inputs) if (input.record.kind === "data") unread.get(input.lane)?.push(input);
    for (const queue of unread.values()) queue.sort((a, b) => a.seq - b.seq);
    const isAny = this.#inputs.length > 0;
    this.#inputs = [];
    this.#isCutShort = false;
    return isAny;
  }
}

/** A stage that has drained has taken all there was. */
function checkNoneLeft(
  recorded: RecordedRun,
  { name, inputs }: Exclude<StageDefinition, { kind: "source" | "observer" }>,
  unread: ReadonlyMap<LaneId, OnRecord[]>,
): void {
  if (recorded.moves(name).at(-1) !== "drained") return;
  for (const { from, backward } of inputs) {
    // The way back of a cycle ends only after the stage that it leads to.
    expect(unread.get(from)?.filter(({ record }) => !backward || record.kind !== "end")).toEqual([]);
  }
}

/** Whoever takes over reads on behind an end that was not natural. */
function voidEnds(unread: ReadonlyMap<LaneId, OnRecord[]>, lsn: number): void {
  for (const queue of unread.values()) {
    const left = queue.filter(({ record, at }) => record.kind !== "end" || record.end === "natural" || at > lsn);
    queue.splice(0, queue.length, ...left);
  }
}

/** All that an observer leaves behind is how it fared. */
function checkObserver(recorded: RecordedRun, { name }: StageDefinition): void {
  for (const { kind } of recorded.records(name)) expect(kind).toBe("transition");
}

/**
 * Every input of a step has one receipt, or two where it was buffered and is committed. What was not committed when a process
 * died is given to the next one again.
 */
function checkSink(recorded: RecordedRun, stage: Extract<StageDefinition, { kind: "sink" }>): void {
  const unread = new Map(stage.inputs.map((edge) => [edge.from, readable(recorded, edge)]));
  const buffered = new Map<string, Input & { readonly at: number }>();
  let inputs: readonly Input[] = [];
  let next = 0;
  for (const { lane, lsn, records } of recorded.frames) {
    if (isEpoch(records)) {
      voidEnds(unread, lsn);
      for (const { lane: from, ...input } of buffered.values()) unread.get(from)?.push(input);
      for (const queue of unread.values()) queue.sort((a, b) => a.seq - b.seq);
      buffered.clear();
    }
    if (lane !== stage.lane) continue;
    for (const record of records) {
      if (record.kind === "consumed") {
        expect(next).toBe(inputs.length);
        inputs = record.spans.flatMap((span) => takeSpan(span, unread));
        next = 0;
      }
      if (record.kind !== "receipt") continue;
      const { outcome, first, count, spans = [] } = record;
      expect(count).toBeGreaterThan(0);
      if (outcome === "partial") expect([first, count]).toEqual([0, inputs.length]);
      else if (outcome === "committed") {
        const committed = spans.flatMap((span) =>
          [...buffered].filter(
            ([, { lane: from, seq }]) => from === span.lane && seq >= span.first && seq <= span.last,
          ),
        );
        expect(committed).toHaveLength(count);
        for (const [place] of committed) buffered.delete(place);
      } else {
        expect(first).toBe(next);
        next += count;
        if (outcome !== "buffered") continue;
        for (const input of inputs.slice(first, next))
          buffered.set(`${input.lane}:${input.seq}`, { ...input, at: lsn });
      }
    }
  }
  expect(next).toBe(inputs.length);
  checkNoneLeft(recorded, stage, unread);
  if (recorded.moves(stage.name).at(-1) === "drained") expect([...buffered]).toEqual([]);
}

/** The data inputs within a span, which has to name exactly what is next of its lane. */
function takeSpan(span: Span, unread: ReadonlyMap<LaneId, OnRecord[]>): readonly Input[] {
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
    readonly stage: Reader;
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
  stage: Reader,
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

/**
 * A process that came to the end of a lane has put one end there: the last of its data path, which advertises what the lane
 * holds. A lane that failed ends poisoned.
 */
function checkEnds(recorded: RecordedRun, { name, lane, kind }: StageDefinition): void {
  const data = new Map<TypeId, number>();
  for (const frames of epochs(recorded)) {
    const records = frames.filter((frame) => frame.lane === lane).flatMap((frame) => frame.records);
    const path = records.filter((record) => record.kind === "data" || record.kind === "end");
    const moves = records.filter((record) => record.kind === "transition" && record.machine === name);
    const last = moves.at(-1)?.kind === "transition" ? (moves.at(-1) as TransitionRecord).to : undefined;
    const ends = path.filter((record) => record.kind === "end");
    for (const record of path) if (record.kind === "data") data.set(record.type, (data.get(record.type) ?? 0) + 1);
    expect(ends.length).toBe(
      kind !== "sink" && kind !== "observer" && (last === "drained" || last === "failed") ? 1 : 0,
    );
    for (const end of ends) {
      expect(end.end === "poison").toBe(last === "failed");
      expect(path.at(-1)).toBe(end);
      const advertised = end.counts.filter(({ count }) => count > 0).map(({ type, count }) => [type, count] as const);
      expect(new Map(advertised)).toEqual(data);
    }
  }
}

/** A seal is the last of its epoch, and counts what the lanes hold by then. */
function checkSeal(recorded: RecordedRun, definition: FlowDefinition): void {
  const data = [0, ...definition.stages.map(() => 0)];
  for (const frames of epochs(recorded)) {
    for (const frame of frames) {
      for (const { kind } of frame.records) if (kind === "data") data[frame.lane] = (data[frame.lane] ?? 0) + 1;
    }
    const seals = frames.flatMap(({ records }) => records).filter((record) => record.kind === "seal");
    for (const seal of seals) {
      expect(frames.at(-1)?.records).toEqual([seal]);
      expect(seal.data).toEqual(data);
    }
  }
}

/** The frames of a run, apart by the process that wrote them. */
function epochs({ frames }: RecordedRun): readonly (readonly DecodedFrame[])[] {
  const found: DecodedFrame[][] = [];
  for (const frame of frames) {
    if (isEpoch(frame.records)) found.push([]);
    found.at(-1)?.push(frame);
  }
  return found;
}

function isEpoch(records: readonly LogRecord[]): boolean {
  return records.some(({ kind }) => kind === "epoch");
}

/** What there is for a reader of a lane, as the reader sees it. */
function readable(recorded: RecordedRun, { from, takes }: InputDefinition): OnRecord[] {
  const view = recordView(takes);
  return recorded.framesOf(recorded.manifest.lanes[from] as string).flatMap(({ records, firstSeq, lsn }) =>
    records.flatMap((record, index) => {
      const seen = record.kind === "end" ? record : view(record);
      return seen === undefined ? [] : [{ seq: firstSeq + index, record: seen, at: lsn }];
    }),
  );
}
