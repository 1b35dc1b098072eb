import {
  isInBand,
  type EndKind,
  type InBandRecord,
  type LaneId,
  type LaneSeq,
  type Position,
  type Span,
} from "@refold/core";

import type { Edge } from "./edge.ts";
import type { Loop } from "./loop.ts";

const SEVERITY: Readonly<Record<EndKind, number>> = { natural: 0, truncated: 1, poison: 2 };

/** Called for each input; what it throws ends the taking before that record. False ends it after the record. */
export type TakeRecord = (record: InBandRecord, lane: LaneId, seq: LaneSeq, timeMs: number) => boolean;

/** The inputs of a stage: takes records from its edges in turn, a frame at a time, so that none starves. */
export class InputSet {
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

  /** `loop` is given for the stage at which a cycle is entered. */
  constructor(edges: readonly Edge[], loop?: Loop) {
    this.edges = edges;
    this.#loop = loop;
    this.#offsets = edges.map(() => 0);
    this.#unreleased = edges.map(() => 0);
  }

  /** Whether there is nothing to take now. */
  get empty(): boolean {
    return this.edges.every((edge) => edge.head === undefined || this.#mustWait(edge));
  }

  /** How the inputs ended, the worst of all; `undefined` while one has not, or something is on its way round the cycle. */
  get end(): EndKind | undefined {
    let worst: EndKind = "natural";
    for (const { from, ended } of this.edges) {
      // The way back ends only after the stage that it leads to.
      if (this.#loop?.backward.has(from) === true) continue;
      if (ended === undefined) return undefined;
      if (SEVERITY[ended.end] > SEVERITY[worst]) worst = ended.end;
    }
    return this.#loop?.quiet === false ? undefined : worst;
  }

  /** Takes up to `limit` data records. */
  take(limit: number, visit: TakeRecord): void {
    this.spans = [];
    let left = limit;
    let idle = 0;
    while (left > 0 && idle < this.edges.length) {
      const turn = this.#turn;
      this.#turn = (turn + 1) % this.edges.length;
      const before = left;
      left = this.#takeFrame(turn, left, visit);
      idle = left === before ? idle + 1 : 0;
    }
  }

  /** Gives credit back for all that was taken. */
  release(): void {
    for (const [index, edge] of this.edges.entries()) {
      const records = this.#unreleased[index] as number;
      if (records > 0) edge.release(records);
      this.#unreleased[index] = 0;
    }
  }

  /** Takes from the head frame of one edge. Returns how many records may still be taken. */
  #takeFrame(index: number, limit: number, visit: TakeRecord): number {
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
        const record = records[offset];
        if (record !== undefined && isInBand(record)) {
          const more = visit(record, lane, (frame.firstSeq + offset) as LaneSeq, timeMs);
          left = more ? left - 1 : 0;
          this.#unreleased[index] = (this.#unreleased[index] as number) + 1;
          if (record.kind === "data") edge.read++;
        } else if (record?.kind === "end") edge.ended = record;
        else continue;
        if (first < 0) first = frame.firstSeq + offset;
        last = frame.firstSeq + offset;
      }
    } finally {
      if (frame.position > this.position) this.position = frame.position;
      if (first >= 0) this.#span(lane, first as LaneSeq, last as LaneSeq);
      const done = offset === records.length;
      this.#offsets[index] = done ? 0 : offset;
      if (done) edge.next();
    }
    return left;
  }

  /** Nothing more enters a cycle that is full. */
  #mustWait({ from }: Edge): boolean {
    return this.#loop?.congested === true && !this.#loop.backward.has(from);
  }

  #span(lane: LaneId, first: LaneSeq, last: LaneSeq): void {
    const previous = this.spans.at(-1);
    if (previous?.lane === lane) this.spans[this.spans.length - 1] = { lane, first: previous.first, last };
    else this.spans.push({ lane, first, last });
  }
}
