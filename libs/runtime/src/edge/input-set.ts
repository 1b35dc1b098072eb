import type {
  DataRecord,
  EndKind,
  EndRecord,
  InBandRecord,
  LaneId,
  LaneSeq,
  LogRecord,
  Position,
  Span,
} from "@refold/core";

import { addToSpans } from "../step/spans.ts";
import type { Edge } from "./edge.ts";
import type { Loop } from "./loop.ts";
import { worseEnd } from "./worse-end.ts";

/** Called for each input; what it throws ends the taking before that record. False ends it after the record. */
export type TakeRecord = (record: InBandRecord, lane: LaneId, seq: LaneSeq, timeMs: number) => boolean;

/** Called for the end of a lane. False ends the taking after it. */
export type TakeEnd = (lane: LaneId, seq: LaneSeq, record: EndRecord) => boolean;

/** Inputs as a stage takes them. */
export interface StageInputs {
  readonly edges: readonly Edge[];
  readonly spans: readonly Span[];
  readonly empty: boolean;
  readonly end: EndKind | undefined;
  readonly hydrated: boolean;
  /** What was not taken, up to what is on its way. */
  readonly unread: readonly Span[];
  /** Whether nothing was taken that no step has taken, and that could not be taken again. */
  readonly isSettled: boolean;
  take(limit: number, visit: TakeRecord, visitEnd: TakeEnd): void;
  reopen(): void;
  release(): void;
}

/** In which order a stage takes its inputs, where it is not just in turn. */
export interface TakingOrder {
  /** Given for the stage at which a cycle is entered. */
  readonly loop?: Loop | undefined;
  /** References are read to their end before anything of the stream. */
  readonly hydrates?: boolean;
  /** The event time by which inputs are merged, always finite: the earliest of all edges comes first. */
  readonly orderBy?: ((payload: unknown) => number) | undefined;
}

/** The inputs of a stage: takes records from its edges in turn, a frame at a time, so that none starves. */
export class InputSet implements StageInputs {
  /** What the taking under way, or the last one, took. */
  spans: Span[] = [];
  /** The position of the latest frame that records were taken from: all taken inputs are safe when it is. */
  position: Position = 0 as Position;
  readonly edges: readonly Edge[];
  /** For each edge: how many records of its head frame were taken, and how many data records wait for their release. */
  readonly #offsets: number[];
  readonly #unreleased: number[];
  #turn = 0;

  readonly #loop: Loop | undefined;
  readonly #orderBy: ((payload: unknown) => number) | undefined;
  /** Whether references are still to be read to their end before the stream. */
  #hydrating: boolean;
  /** Whether an edge has nothing to compare the others with. */
  #starved = false;

  constructor(edges: readonly Edge[], { loop, hydrates = false, orderBy }: TakingOrder = {}) {
    this.edges = edges;
    this.#loop = loop;
    // With one edge there is nothing to put in order.
    this.#orderBy = edges.length > 1 ? orderBy : undefined;
    this.#hydrating = hydrates && !this.hydrated;
    this.#hold();
    this.#offsets = edges.map(() => 0);
    this.#unreleased = edges.map(() => 0);
  }

  /** Whether there is nothing to take now. */
  get empty(): boolean {
    if (this.#orderBy !== undefined) return this.#earliest(this.#orderBy) === undefined;
    return this.edges.every((edge) => edge.head === undefined || this.#mustWait(edge));
  }

  /** How the inputs ended, the worst of all; `undefined` while one has not, or something is on its way round the cycle. */
  get end(): EndKind | undefined {
    let worst: EndKind = "natural";
    for (const { from, ended, head } of this.edges) {
      // The way back ends only after the stage that it leads to.
      if (this.#loop?.backward.has(from) === true) continue;
      // What another process had taken, and not delivered, may be waiting again.
      if (ended === undefined || head !== undefined) return undefined;
      worst = worseEnd(worst, ended.end);
    }
    return this.#loop?.quiet === false ? undefined : worst;
  }

  /** Whether all references of a join have been read to their end. */
  get hydrated(): boolean {
    return this.edges.every(({ role, ended }) => role === "stream" || ended !== undefined);
  }

  readonly isSettled = true;

  get unread(): readonly Span[] {
    const spans: Span[] = [];
    for (const [index, { from, waiting }] of this.edges.entries()) {
      let offset = this.#offsets[index] as number;
      let next = -1;
      for (const { firstSeq, records } of waiting) {
        const first = (firstSeq + offset) as LaneSeq;
        const last = (firstSeq + records.length - 1) as LaneSeq;
        if (first === next) addToSpans(spans, from, first, last);
        else spans.push({ lane: from, first, last });
        [offset, next] = [0, last + 1];
      }
    }
    return spans;
  }

  /** Takes up to `limit` data records. */
  take(limit: number, visit: TakeRecord, visitEnd: TakeEnd = goOn): void {
    this.spans = [];
    if (this.#orderBy !== undefined) {
      this.#takeInOrder(this.#orderBy, limit, visit, visitEnd);
      return;
    }
    let left = limit;
    let idle = 0;
    while (left > 0 && idle < this.edges.length) {
      const turn = this.#turn;
      this.#turn = (turn + 1) % this.edges.length;
      const before = left;
      left = this.#takeFrame(turn, left, visit, visitEnd);
      idle = left === before ? idle + 1 : 0;
    }
  }

  /** What another process took last has not had all its outputs yet: something is still on its way. */
  reopen(): void {
    const [edge] = this.edges;
    edge?.window.spend(1, 1);
    this.#unreleased[0] = 1;
  }

  /** Gives credit back: for so many records of a lane, or for all that was taken. */
  release(lane?: LaneId, count?: number): void {
    for (const [index, edge] of this.edges.entries()) {
      if (lane !== undefined && edge.from !== lane) continue;
      const records = this.#unreleased[index] as number;
      const released = Math.min(records, count ?? records);
      if (released > 0) edge.release(released);
      this.#unreleased[index] = records - released;
    }
  }

  /** Takes from the head frame of one edge. Returns how many records may still be taken. */
  #takeFrame(index: number, limit: number, visit: TakeRecord, visitEnd: TakeEnd): number {
    const edge = this.edges[index] as Edge;
    const frame = edge.head;
    if (frame === undefined || this.#mustWait(edge)) return limit;
    const { records, lane, timeMs } = frame;
    let left = limit;
    let offset = this.#offsets[index] as number;
    let first = -1;
    let last = -1;
    try {
      for (; offset < records.length && left > 0; offset++) {
        const record = records[offset] as LogRecord;
        const input = edge.view(record);
        if (input !== undefined) {
          const more = visit(input, lane, (frame.firstSeq + offset) as LaneSeq, timeMs);
          left = more ? left - 1 : 0;
          this.#unreleased[index] = (this.#unreleased[index] as number) + 1;
          if (record.kind === "data") edge.read++;
        } else if (record.kind === "end") {
          edge.ended = record;
          this.#hydrating &&= !this.hydrated;
          this.#hold();
          if (!visitEnd(lane, (frame.firstSeq + offset) as LaneSeq, record)) left = 0;
        } else continue;
        if (first < 0) first = frame.firstSeq + offset;
        last = frame.firstSeq + offset;
      }
    } finally {
      if (frame.position > this.position) this.position = frame.position;
      if (first >= 0) addToSpans(this.spans, lane, first as LaneSeq, last as LaneSeq);
      const done = offset === records.length;
      this.#offsets[index] = done ? 0 : offset;
      if (done) edge.next();
    }
    return left;
  }

  /** Takes the record with the least event time, again and again, while every edge has something to compare. */
  #takeInOrder(orderBy: (payload: unknown) => number, limit: number, visit: TakeRecord, visitEnd: TakeEnd): void {
    let stopped = false;
    const visitOne: TakeRecord = (...record) => {
      stopped = !visit(...record);
      return !stopped;
    };
    for (let left = limit; left > 0 && !stopped; left--) {
      const index = this.#earliest(orderBy);
      if (index === undefined) return;
      this.#takeFrame(index, 1, visitOne, (...ended) => {
        stopped = !visitEnd(...ended);
        return !stopped;
      });
    }
  }

  /**
   * The edge to take from next: the one with the least event time, of equal ones the first. What has no event time, such as an
   * end, comes at once. While an edge that has not ended has nothing, nobody knows, and the others wait for it.
   */
  #earliest(orderBy: (payload: unknown) => number): number | undefined {
    let earliest: number | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    let starved = false;
    for (const [index, edge] of this.edges.entries()) {
      const next = this.#peek(index);
      // A stream need not wait for a reference: that is not in any order with it.
      if (next === "nothing") starved ||= edge.ended === undefined && edge.role === "stream";
      else if (next === "untimed") return index;
      else {
        const eventTimeMs = orderBy(next.payload);
        if (eventTimeMs < leastMs) [earliest, leastMs] = [index, eventTimeMs];
      }
    }
    this.#starved = starved;
    this.#hold();
    return starved ? undefined : earliest;
  }

  #peek(index: number): DataRecord | "untimed" | "nothing" {
    const edge = this.edges[index] as Edge;
    const { head } = edge;
    if (head === undefined || this.#mustWait(edge)) return "nothing";
    if (edge.role === "reference") return "untimed";
    for (let offset = this.#offsets[index] as number; offset < head.records.length; offset++) {
      const record = head.records[offset] as LogRecord;
      const input = edge.view(record);
      if (input?.kind === "data") return input;
      if (input !== undefined || record.kind === "end") return "untimed";
    }
    // Nothing is left of the frame but what nobody takes.
    return "untimed";
  }

  /** Nothing more enters a cycle that is full; a stream waits for the references that it is joined with. */
  #mustWait({ from, role }: Edge): boolean {
    if (this.#loop?.congested === true && !this.#loop.backward.has(from)) return true;
    return this.#hydrating && role === "stream";
  }

  /** Tells the edges that have to wait for others. */
  #hold(): void {
    for (const edge of this.edges) {
      edge.held = (this.#hydrating && edge.role === "stream") || (this.#starved && edge.head !== undefined);
    }
  }
}

function goOn(): boolean {
  return true;
}
