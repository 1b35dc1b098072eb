import { err, ok, type Result } from "neverthrow";

import {
  formatPlace,
  parsePlace,
  RecordDecoder,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Lsn,
  type ReadFault,
  type RunReader,
  type Span,
} from "@refold/core";

import { inputsOf, type FlowDefinition } from "../definition/flow-definition.ts";
import { recordView, type RecordView } from "../edge/record-view.ts";
import { RecordedNumbers } from "./recorded-numbers.ts";

/** More causes in a row than this are not told: one that goes round a cycle may have thousands. */
const MAX_LINKS = 64;

interface IndexedFrame {
  readonly lsn: Lsn;
  readonly firstSeq: LaneSeq;
  /** The inputs of its step; a frame without goes on with the step before it. */
  readonly spans: readonly Span[] | undefined;
}

interface Place {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
}

/**
 * What led to a record, from itself on back to what came from outside, by the record alone: each the one cause of the one
 * before, as far as there is one. The last may be a range. The log is read once, up to the frame `until`.
 */
export async function causeChain(
  reader: RunReader,
  definition: FlowDefinition,
  { place, until }: { readonly place: string; readonly until: Lsn },
): Promise<Result<readonly string[], ReadFault>> {
  const parsed = parsePlace(place);
  const lane = reader.manifest.lanes.indexOf(parsed?.stage ?? "") as LaneId;
  if (parsed === undefined || lane < 0) return ok([place]);
  const index = new CauseIndex(reader, definition);
  const fault = await index.read(until);
  if (fault !== undefined) return err(fault);
  const chain = [place];
  let at: Place | undefined = { lane, seq: parsed.seq };
  while (at !== undefined && chain.length < MAX_LINKS) {
    const cause: Result<string | Place | undefined, ReadFault> = await index.causeOf(at);
    if (cause.isErr()) return err(cause.error);
    at = typeof cause.value === "string" ? undefined : cause.value;
    if (typeof cause.value === "string") chain.push(cause.value);
    else if (at !== undefined) chain.push(index.textOf(at));
  }
  return ok(chain);
}

/** Where the steps of each lane stand and what they took, without what they gave. */
class CauseIndex {
  readonly #reader: RunReader;
  readonly #decoder: RecordDecoder = new RecordDecoder();
  readonly #frames: Map<LaneId, IndexedFrame[]> = new Map();
  /** By the lane that is read, each reader's view of it, and the records of it that are no inputs of that reader. */
  readonly #views: Map<LaneId, { readonly by: LaneId; readonly view: RecordView; readonly others: LaneSeq[] }[]> =
    new Map();

  constructor(reader: RunReader, definition: FlowDefinition) {
    this.#reader = reader;
    const numbers = new RecordedNumbers(reader.manifest, definition);
    for (const stage of definition.stages) {
      for (const { from, takes } of inputsOf(stage).map((input) => numbers.input(input))) {
        const views = this.#views.get(from) ?? [];
        this.#views.set(from, [...views, { by: numbers.lane(stage.name), view: recordView(takes), others: [] }]);
      }
    }
  }

  textOf({ lane, seq }: Place): string {
    return formatPlace(this.#reader.manifest.lanes[lane] ?? String(lane), seq);
  }

  async read(until: Lsn): Promise<ReadFault | undefined> {
    for await (const batch of this.#reader.read(this.#reader.first)) {
      if (batch.isErr()) return batch.error;
      for (const { lsn, lane, firstSeq, body } of batch.value) {
        if (lsn > until) return undefined;
        this.#note(lsn, lane, firstSeq, this.#decoder.decode(body).unwrapOr([]));
      }
    }
    return undefined;
  }

  /** The place of the one cause of a record; several as text; `undefined` for what came from outside. */
  async causeOf({ lane, seq }: Place): Promise<Result<string | Place | undefined, ReadFault>> {
    const frames = this.#frames.get(lane) ?? [];
    const at = frames.findLastIndex(({ firstSeq }) => firstSeq <= seq);
    const frame = frames[at];
    if (frame === undefined) return ok(undefined);
    const records = await this.#recordsOf(frame.lsn);
    if (records.isErr()) return err(records.error);
    const record = records.value[seq - frame.firstSeq];
    if (record?.kind !== "data" && record?.kind !== "error") return ok(undefined);
    const { cause } = record;
    if (typeof cause === "number") {
      const step = frames.findLast(({ spans }, index) => index <= at && spans !== undefined);
      return ok(this.#input(lane, step?.spans ?? [], cause));
    }
    if (cause === undefined || cause.length === 0) return ok(undefined);
    const [only, ...others] = cause;
    if (only !== undefined && others.length === 0 && only.first === only.last) {
      return ok({ lane: only.lane, seq: only.first });
    }
    return ok(cause.map((span) => this.#spanText(span)).join(", "));
  }

  #note(lsn: Lsn, lane: LaneId, firstSeq: LaneSeq, records: readonly LogRecord[]): void {
    const frames = this.#frames.get(lane) ?? [];
    if (frames.length === 0) this.#frames.set(lane, frames);
    const [head] = records;
    frames.push({ lsn, firstSeq, spans: head?.kind === "consumed" ? head.spans : undefined });
    for (const { view, others } of this.#views.get(lane) ?? []) {
      for (const [index, record] of records.entries()) {
        if (view(record)?.kind !== "data") others.push((firstSeq + index) as LaneSeq);
      }
    }
  }

  async #recordsOf(lsn: Lsn): Promise<Result<readonly LogRecord[], ReadFault>> {
    for await (const batch of this.#reader.read(lsn)) {
      return batch.map(([frame]) => (frame === undefined ? [] : this.#decoder.decode(frame.body).unwrapOr([])));
    }
    return ok([]);
  }

  /** The input of this number in a step of a lane. */
  #input(by: LaneId, spans: readonly Span[], number: number): Place | undefined {
    let left = number;
    for (const { lane, first, last } of spans) {
      const others = this.#views.get(lane)?.find((view) => view.by === by)?.others ?? [];
      const within = others.slice(lowerBound(others, first), lowerBound(others, last + 1));
      const inputs = last - first + 1 - within.length;
      if (left >= inputs) {
        left -= inputs;
        continue;
      }
      let seq = first + left;
      for (const other of within) if (other <= seq) seq++;
      return { lane, seq: seq as LaneSeq };
    }
    return undefined;
  }

  #spanText({ lane, first, last }: Span): string {
    const text = this.textOf({ lane, seq: first });
    return first === last ? text : `${text}..${last}`;
  }
}

/** How many of some rising numbers are below one. */
function lowerBound(numbers: readonly number[], below: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((numbers[middle] as number) < below) from = middle + 1;
    else to = middle;
  }
  return from;
}
