import type { Clock, ContractRecord, EndRecord, LaneId, LogRecord } from "@refold/core";

import type { RecordedFrame } from "../supervision/lane-writer.ts";
import type { Wake } from "../supervision/wake.ts";
import type { CreditGate } from "./credit-gate.ts";
import { CreditWindow, type FlowControlSettings } from "./credit-window.ts";
import { isNotice, recordView, type RecordView, type Takes } from "./record-view.ts";

export interface EdgeOptions {
  readonly from: LaneId;
  readonly to: LaneId;
  readonly takes: Takes;
  readonly role: "stream" | "reference";
  readonly producer: Wake;
  readonly consumer: Wake;
  readonly flowControl: FlowControlSettings;
  readonly gate?: CreditGate | undefined;
  readonly clock: Clock;
}

/** What the record says of an edge. */
export interface EdgeRest {
  /** They begin with the first record that was not read. */
  readonly frames: readonly RecordedFrame[];
  readonly read: number;
  readonly ended: EndRecord | undefined;
}

/** Frames on their way from one stage to another, by reference, within a window of credit. */
export class Edge {
  readonly from: LaneId;
  readonly to: LaneId;
  readonly takes: Takes;
  readonly role: "stream" | "reference";
  /** What a record of the upstream lane is to the reader. */
  readonly view: RecordView;
  readonly window: CreditWindow;
  /** The end of the upstream lane, once it has been read. */
  ended: EndRecord | undefined;
  /** The last verdict of each contract that has one. */
  readonly verdicts: Map<string, ContractRecord["verdict"]> = new Map();
  /** How many data records of the upstream lane were read from this edge. */
  read = 0;
  /** When something last came out, or went in where nothing waited, in milliseconds since 1970. */
  activeAtMs: number;
  /** Since when the writer waits for credit without any having come, in milliseconds since 1970. */
  blockedSinceMs: number | undefined;
  /** Called whenever credit comes back. */
  onRelease: (() => void) | undefined;
  #held = false;
  #readerHeldUp = false;
  readonly #frames: RecordedFrame[] = [];
  readonly #producer: Wake;
  readonly #consumer: Wake;
  readonly #clock: Clock;

  constructor(options: EdgeOptions) {
    this.from = options.from;
    this.to = options.to;
    this.takes = options.takes;
    this.role = options.role;
    this.view = recordView(options.takes);
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

  /** What has not been read, besides what was read of the head. */
  get waiting(): readonly RecordedFrame[] {
    return this.#frames;
  }

  /**
   * Whether the reader leaves this edge alone on purpose, because it waits for another one, or cannot go on because a stage
   * after it does so: no reason to call it stalled.
   */
  get held(): boolean {
    return this.#held || this.#readerHeldUp;
  }

  set held(held: boolean) {
    this.#hold(() => (this.#held = held));
  }

  /** Tells whether the reader itself waits for credit of an edge that is held: then its own writers are held up as well. */
  set readerHeldUp(heldUp: boolean) {
    this.#hold(() => (this.#readerHeldUp = heldUp));
  }

  /** Whether a record is for the reader, and so costs credit. The end of a lane costs none. */
  wants(record: LogRecord): boolean {
    return this.view(record) !== undefined || (this.takes.notices === true && isNotice(record));
  }

  offer(frame: RecordedFrame): void {
    let inputs = 0;
    let end = false;
    for (const record of frame.records) {
      if (record.kind === "end") end = true;
      else if (this.wants(record)) inputs++;
    }
    if (inputs === 0 && !end) return;
    if (this.window.held === 0) this.activeAtMs = frame.timeMs;
    this.window.spend(inputs, frame.bytes);
    this.#frames.push(frame);
    this.#consumer.signal();
  }

  #hold(change: () => void): void {
    const before = this.held;
    change();
    // The writer begins, or ceases, to count how long it has waited.
    if (this.held !== before) this.#producer.signal();
  }

  /** Takes up what was on its way when another process had the run. It holds credit like anything else. */
  restore({ frames, read, ended }: EdgeRest): void {
    this.read = read;
    this.ended = ended;
    for (const frame of frames) this.offer(frame);
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
