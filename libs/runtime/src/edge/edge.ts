import { isInBand, type Clock, type ContractRecord, type EndRecord, type LaneId } from "@refold/core";

import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { Wake } from "../supervision/wake.ts";
import type { CreditGate } from "./credit-gate.ts";
import { CreditWindow, type FlowControlSettings } from "./credit-window.ts";

export interface EdgeOptions {
  readonly from: LaneId;
  readonly to: LaneId;
  readonly producer: Wake;
  readonly consumer: Wake;
  readonly flowControl: FlowControlSettings;
  readonly gate?: CreditGate | undefined;
  readonly clock: Clock;
}

/** Frames on their way from one stage to another, by reference, within a window of credit. */
export class Edge {
  readonly from: LaneId;
  readonly to: LaneId;
  readonly window: CreditWindow;
  /** The end of the upstream lane, once it has been read. */
  ended: EndRecord | undefined;
  /** The last verdict of each contract that has one. */
  readonly verdicts: Map<string, ContractRecord["verdict"]> = new Map();
  /** How many data records were read from this edge. */
  read = 0;
  /** When something last came out, or went in where nothing waited, in milliseconds since 1970. */
  activeAtMs: number;
  /** Since when the writer waits for credit without any having come, in milliseconds since 1970. */
  blockedSinceMs: number | undefined;
  /** Called whenever credit comes back. */
  onRelease: (() => void) | undefined;
  readonly #frames: RecordedFrame[] = [];
  readonly #producer: Wake;
  readonly #consumer: Wake;
  readonly #clock: Clock;

  constructor(options: EdgeOptions) {
    this.from = options.from;
    this.to = options.to;
    this.#producer = options.producer;
    this.#consumer = options.consumer;
    this.#clock = options.clock;
    this.window = new CreditWindow(options.flowControl, options.gate);
    options.gate?.attach(() => options.producer.signal());
    this.activeAtMs = options.clock.now();
  }

  get head(): RecordedFrame | undefined {
    return this.#frames[0];
  }

  offer(frame: RecordedFrame): void {
    let inputs = 0;
    let end = false;
    for (const record of frame.records) {
      if (isInBand(record)) inputs++;
      else if (record.kind === "end") end = true;
    }
    if (inputs === 0 && !end) return;
    if (this.window.held === 0) this.activeAtMs = frame.timeMs;
    this.window.spend(inputs, frame.bytes);
    this.#frames.push(frame);
    this.#consumer.signal();
  }

  /** Drops the head, all of which has been read. */
  next(): void {
    this.#frames.shift();
  }

  /** Gives back the credit of records whose outputs have been accepted. */
  release(records: number): void {
    this.window.refund(records);
    this.activeAtMs = this.#clock.now();
    this.blockedSinceMs = undefined;
    this.#producer.signal();
    this.onRelease?.();
  }
}
