import type {
  AbortControllerLike,
  Clock,
  ContractRecord,
  DataRecord,
  EndRecord,
  InBandRecord,
  LaneId,
  LaneSeq,
  LogRecord,
  RunLog,
  RunManifest,
  TypeId,
} from "@refold/core";
import { formatPlace } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { Hold } from "../snapshot/hold.ts";
import { deepFreeze } from "../step/deep-freeze.ts";
import type { LoopEntry } from "../step/loop-entry.ts";
import { isTooMuch, unstorableAmong, type LaneWriter, type RecordedFrame } from "../supervision/lane-writer.ts";
import type { Wake } from "../supervision/wake.ts";
import { CreditWait } from "./credit-wait.ts";
import { OutsideCalls } from "./outside-calls.ts";
import { StageStacks } from "./stage-stacks.ts";
import { LogFailure, type StageFault } from "./stage-fault.ts";
import type { DivergenceGuard } from "./divergence-guard.ts";
import type { SchemaCheck } from "./schema-check.ts";
import type { StageCounters } from "./stage-counters.ts";

export interface StageContextOptions {
  readonly name: string;
  readonly log: RunLog;
  readonly clock: Clock;
  /** Makes what calls to the outside are told to stop by. */
  readonly abortController: () => AbortControllerLike;
  readonly writer: LaneWriter;
  readonly wake: Wake;
  readonly inputs: readonly Edge[];
  readonly outputs: readonly Edge[];
  /** Whether a stage that leaves some of its inputs alone has several that come of this stage. */
  readonly feedsSeveral: boolean;
  readonly counters: StageCounters;
  /** The most inputs of one step. */
  readonly stepInputs: number;
  readonly contractMode: ContractModeOf;
  readonly schemas: SchemaCheck;
  /** Set for the stage at which a cycle is entered. */
  readonly loop: LoopEntry | undefined;
  readonly divergence: DivergenceGuard | undefined;
  /** Whether what stages emit is frozen before others see it. */
  readonly freeze: boolean;
  /** Whether an earlier process has worked on this run. */
  readonly resumed: boolean;
  readonly hold: Hold;
}

/** What a contract of this stage does when it is violated. */
export type ContractModeOf = (contract: Pick<ContractRecord, "contract" | "upstream">) => "abort" | "warn" | "off";

/** What payloads weigh that records of the stage pass on. */
export type WeighPassedOn = (records: readonly LogRecord[]) => number;

/** What the supervisor of any stage works with. */
export class StageContext {
  readonly name: string;
  readonly manifest: RunManifest;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly abortController: () => AbortControllerLike;
  readonly writer: LaneWriter;
  readonly wake: Wake;
  readonly outside: OutsideCalls;
  readonly stacks: StageStacks;
  readonly counters: StageCounters;
  readonly stepInputs: number;
  readonly contractMode: ContractModeOf;
  readonly schemas: SchemaCheck;
  readonly loop: LoopEntry | undefined;
  readonly divergence: DivergenceGuard | undefined;
  readonly freeze: boolean;
  readonly resumed: boolean;
  readonly hold: Hold;
  /** Whether a step is on record in part. */
  isAppending = false;
  readonly #outputs: readonly Edge[];
  readonly #credit: CreditWait;

  constructor(options: StageContextOptions) {
    this.name = options.name;
    this.manifest = options.log.manifest;
    this.log = options.log;
    this.clock = options.clock;
    this.abortController = options.abortController;
    this.writer = options.writer;
    this.wake = options.wake;
    this.counters = options.counters;
    this.stepInputs = options.stepInputs;
    this.contractMode = options.contractMode;
    this.schemas = options.schemas;
    this.loop = options.loop;
    this.divergence = options.divergence;
    this.freeze = options.freeze;
    this.resumed = options.resumed;
    this.hold = options.hold;
    this.outside = new OutsideCalls(options.clock);
    const { name, writer, clock, abortController, counters } = options;
    const lane = this.manifest.lanes.indexOf(name) as LaneId;
    const seed = `${this.manifest.runId}/${name}`;
    this.stacks = new StageStacks({ seed, lane, writer, clock, counters, abortController });
    this.#outputs = options.outputs;
    this.#credit = new CreditWait(this, options);
  }

  /** How many data records every reader still has credit for. */
  get room(): number {
    let room = Number.POSITIVE_INFINITY;
    for (const edge of this.#outputs) room = Math.min(room, edge.window.room);
    return room;
  }

  /**
   * A promise to wait for before the next step, while the log has no room or a reader has no credit. It also resolves when a
   * command has come. Throws when an edge has stalled.
   */
  waitForRoom(): Promise<void> | undefined {
    return this.#credit.wait();
  }

  /** Waits for something to happen, at the most until the given time. */
  waitUntil(timeMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    return this.wake.waitAtMost(Math.max(0, timeMs - this.clock.now()), this.clock);
  }

  /** The place of a record, as people write it. */
  place(lane: LaneId, seq: LaneSeq): string {
    return formatPlace(this.laneName(lane), seq);
  }

  laneName(lane: LaneId): string {
    return this.manifest.lanes[lane] ?? String(lane);
  }

  /**
   * Hands a frame that is on record to every reader. Under `strict` durability nobody sees a frame before it is safe, so then
   * there is a promise to wait for.
   */
  pass(frame: RecordedFrame): void | Promise<void> {
    if (this.#outputs.length === 0) return;
    if (this.manifest.durability === "strict") return this.#passWhenSafe(frame);
    this.#offer(frame);
  }

  /**
   * Appends data, in several frames where one cannot hold it, and hands it on. `passedOnBytes` says what the payloads weigh that
   * records pass on: readers hold them, though they are stored elsewhere. Throws {@link LogFailure}.
   */
  append(records: readonly LogRecord[], timeMs: number, passedOnBytes: WeighPassedOn = nothing): void | Promise<void> {
    const whole = this.writer.append(timeMs, records);
    if (whole.isOk()) return this.#accepted(whole.value, passedOnBytes);
    if (!isTooMuch(whole.error) || records.length < 2) throw new LogFailure(whole.error);
    // A record that cannot be stored keeps all of them off the record.
    const refused = unstorableAmong(records);
    if (refused !== undefined) throw new LogFailure(refused);
    return this.#appendInPieces(records, timeMs, passedOnBytes);
  }

  /** The fault of an input that does not satisfy the schema of its edge, where that is to fail the stage. */
  schemaFault(from: LaneId, seq: LaneSeq, record: DataRecord): StageFault | undefined {
    const problem = this.schemas.problem(from, record);
    if (problem === undefined || this.contractMode({ contract: "schema", upstream: from }) !== "abort")
      return undefined;
    return {
      code: "contract-violated",
      stage: this.name,
      input: this.place(from, seq),
      message: `the schema contract of ${this.laneName(from)} -> ${this.name} is violated: ${problem}`,
    };
  }

  /** Whether an input does not satisfy the schema of its edge, where that is to fail the stage. It is not counted. */
  refusesSchema(from: LaneId, record: InBandRecord): boolean {
    return (
      record.kind === "data" &&
      this.contractMode({ contract: "schema", upstream: from }) === "abort" &&
      this.schemas.find(from, record) !== undefined
    );
  }

  /** Notes on every edge to a reader what became of a contract of this stage's own. */
  judgeOutputs({ contract, verdict }: ContractRecord): void {
    for (const { verdicts } of this.#outputs) verdicts.set(contract, verdict);
  }

  /** The lane's end, with what it advertises. */
  end(end: EndRecord["end"], types: readonly TypeId[]): EndRecord {
    return { kind: "end", end, counts: types.map((type) => ({ type, count: this.writer.dataRecordsOf(type) })) };
  }

  /** The pieces after the first go on with the outputs of the step that it began. The log is given time to take each. */
  async #appendInPieces(records: readonly LogRecord[], timeMs: number, passedOnBytes: WeighPassedOn): Promise<void> {
    const pieces = halves(records);
    this.isAppending = true;
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      await this.log.room();
      const appended = this.writer.append(timeMs, piece);
      if (appended.isOk()) await this.#accepted(appended.value, passedOnBytes);
      else if (isTooMuch(appended.error) && piece.length > 1) pieces.unshift(...halves(piece));
      else throw new LogFailure(appended.error);
    }
    this.isAppending = false;
  }

  #accepted(frame: RecordedFrame, passedOnBytes: WeighPassedOn): void | Promise<void> {
    for (const record of frame.records) {
      if (record.kind === "data") this.counters.out++;
      // One that is handed on has spans for its cause, and was counted where it came about.
      else if (record.kind === "error" && typeof record.cause === "number") this.counters.errors[record.error]++;
    }
    if (this.freeze) for (const record of frame.records) if (record.kind === "data") deepFreeze(record.payload);
    const bytes = passedOnBytes(frame.records);
    return this.pass(bytes === 0 ? frame : { ...frame, bytes: frame.bytes + bytes });
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

function nothing(): number {
  return 0;
}

function halves(records: readonly LogRecord[]): (readonly LogRecord[])[] {
  const half = records.length >> 1;
  return [records.slice(0, half), records.slice(half)];
}
