import type { Clock, EndRecord, LogRecord, RunLog, RunManifest, TypeId } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { LaneWriter, RecordedFrame } from "../supervision/lane-writer.ts";
import type { Wake } from "../supervision/wake.ts";
import { OutsideCalls } from "./outside-calls.ts";
import { LogFailure } from "./stage-fault.ts";

/** Live figures of a stage. They are not on record; whoever wants history folds the log. */
export interface StageCounters {
  in: number;
  out: number;
}

/** What the supervisor of any stage works with. */
export class StageContext {
  readonly name: string;
  readonly manifest: RunManifest;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly writer: LaneWriter;
  readonly wake: Wake;
  readonly outside: OutsideCalls;
  readonly counters: StageCounters = { in: 0, out: 0 };
  readonly #outputs: readonly Edge[];

  constructor(options: {
    readonly name: string;
    readonly log: RunLog;
    readonly clock: Clock;
    readonly writer: LaneWriter;
    readonly wake: Wake;
    readonly outputs: readonly Edge[];
  }) {
    this.name = options.name;
    this.manifest = options.log.manifest;
    this.log = options.log;
    this.clock = options.clock;
    this.writer = options.writer;
    this.wake = options.wake;
    this.outside = new OutsideCalls(options.clock);
    this.#outputs = options.outputs;
  }

  /** How many data records every reader still has credit for. */
  get room(): number {
    let room = Number.POSITIVE_INFINITY;
    for (const edge of this.#outputs) room = Math.min(room, edge.room);
    return room;
  }

  /**
   * Hands a frame that is on record to every reader. Under `strict` durability nobody sees a frame before it is safe, so then
   * there is a promise to wait for.
   */
  pass(frame: RecordedFrame): void | Promise<void> {
    if (this.manifest.durability === "strict") return this.#passWhenSafe(frame);
    this.#offer(frame);
  }

  /** Appends data, in several frames where one cannot hold it, and hands it on. Throws {@link LogFailure}. */
  append(records: readonly LogRecord[], timeMs: number): void | Promise<void> {
    const appended = this.writer.appendAll(timeMs, records);
    if (appended.isErr()) throw new LogFailure(appended.error);
    const [first, ...rest] = appended.value;
    if (first === undefined) return undefined;
    return rest.length === 0 ? this.pass(first) : this.#passAll(appended.value);
  }

  /** The lane's end, with what it advertises. */
  end(end: EndRecord["end"], type: TypeId): EndRecord {
    return { kind: "end", end, counts: [{ type, count: this.writer.dataRecords }] };
  }

  async #passAll(frames: readonly RecordedFrame[]): Promise<void> {
    for (const frame of frames) await this.pass(frame);
  }

  async #passWhenSafe(frame: RecordedFrame): Promise<void> {
    const safe = await this.log.whenSafe(frame.position);
    if (safe.isErr()) throw new LogFailure(safe.error);
    this.#offer(frame);
  }

  #offer(frame: RecordedFrame): void {
    for (const edge of this.#outputs) edge.offer(frame);
  }
}
