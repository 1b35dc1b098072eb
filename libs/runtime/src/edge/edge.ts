import type { EndKind, LaneId } from "@refold/core";

import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { Wake } from "../supervision/wake.ts";

/** How many data records an edge holds for a reader that has not taken them yet. */
export const WINDOW_RECORDS = 4096;

/** Frames on their way from one stage to another, by reference, within a window of credit. */
export class Edge {
  readonly from: LaneId;
  /** How the upstream lane ended, once its end has been read. */
  ended: EndKind | undefined;
  readonly #frames: RecordedFrame[] = [];
  readonly #producer: Wake;
  readonly #consumer: Wake;
  #inFlight = 0;

  constructor(options: { readonly from: LaneId; readonly producer: Wake; readonly consumer: Wake }) {
    this.from = options.from;
    this.#producer = options.producer;
    this.#consumer = options.consumer;
  }

  /** How many data records the writer may still offer. One step may go below 0 by the outputs of its last input. */
  get room(): number {
    return WINDOW_RECORDS - this.#inFlight;
  }

  get head(): RecordedFrame | undefined {
    return this.#frames[0];
  }

  offer(frame: RecordedFrame): void {
    let data = 0;
    let end = false;
    for (const record of frame.records) {
      if (record.kind === "data") data++;
      else if (record.kind === "end") end = true;
    }
    if (data === 0 && !end) return;
    this.#inFlight += data;
    this.#frames.push(frame);
    this.#consumer.signal();
  }

  /** Drops the head, all of which has been read. */
  next(): void {
    this.#frames.shift();
  }

  /** Gives back credit for records whose outputs have been accepted. */
  release(records: number): void {
    this.#inFlight -= records;
    this.#producer.signal();
  }
}
