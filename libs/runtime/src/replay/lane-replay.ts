import {
  formatPlace,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type ReceiptRecord,
  type Span,
  type StoredFrame,
  type TypeId,
  type DecodedFrame,
} from "@refold/core";
import type { Kinded } from "@refold/fsm";

import type { StageDefinition } from "../definition/flow-definition.ts";
import { SOURCE_START, type SourcePlace } from "../definition/opened-source.ts";
import type { LaneState } from "../snapshot/run-state.ts";
import { rejectedBy } from "../supervision/lane-writer.ts";
import { differences } from "./differences.ts";
import { EndEvidence } from "./end-evidence.ts";
import type { EffectfulReplay } from "./effectful-replay.ts";
import { InputEvidence, type Disagreement } from "./input-evidence.ts";
import { lifecycleOf, type LifecycleCheck } from "./lifecycle-check.ts";
import type { StepInputs } from "./receipt-evidence.ts";
import { sourceEvidence } from "./source-evidence.ts";
import type { RecordedInputs, TakenInput } from "./recorded-inputs.ts";
import type { StageVerdict } from "./replay-report.ts";
import type { Divergence, FoundDivergence } from "./divergence.ts";
import type { StepState } from "../step/step-recorder.ts";
import type { RecoveredLane } from "./recovered-lane.ts";
import type { StageReplay } from "./stage-replay.ts";

/** One lane of a run under replay: its lifecycle, its inputs, and its program where it has one. */
export class LaneReplay {
  readonly name: string;
  readonly inputs: RecordedInputs;
  /** How many data records were computed. */
  dataRecords = 0;
  diverged = 0;
  readonly kinds: Record<Divergence["kind"], number> = { changed: 0, missing: 0, extra: 0, "handler-threw": 0 };
  first: Divergence | undefined;
  readonly #kind: string;
  readonly #program: StageReplay | undefined;
  readonly #calls: EffectfulReplay | undefined;
  readonly #lifecycle: LifecycleCheck;
  readonly #found: (divergence: FoundDivergence) => void;
  /** `undefined` for lanes that put nothing of their inputs on record. */
  readonly #evidence: InputEvidence | undefined;
  #taken = 0;
  readonly #place: { -readonly [K in keyof SourcePlace]: SourcePlace[K] } = { ...SOURCE_START };
  #nextSeq = 0;
  /** Data records on record, by type. */
  readonly #data: Map<TypeId, number> = new Map();
  /** The types of what the stage emits, by the numbers of the recorded run. */
  readonly #types: readonly TypeId[];
  /** `undefined` for lanes that have no end. */
  readonly #end: EndEvidence | undefined;
  #timeMs = Number.NEGATIVE_INFINITY;
  #rejected = 0;
  /** What the lane had not taken when a snapshot was taken, and that with what was buffered. */
  #unread: readonly Span[] = [];
  #needed: readonly Span[] = [];

  constructor(options: {
    readonly name: string;
    /** `undefined` for the system's lane. */
    readonly stage: StageDefinition | undefined;
    readonly types: readonly TypeId[];
    readonly inputs: RecordedInputs;
    readonly program: StageReplay | undefined;
    /** Of an effectful stage. */
    readonly calls?: EffectfulReplay;
    readonly isJudged: (contract: "transport" | "delivery", upstream: LaneId) => boolean;
    readonly nameOf: (lane: LaneId) => string;
    readonly found: (divergence: FoundDivergence) => void;
  }) {
    this.name = options.name;
    this.inputs = options.inputs;
    this.#kind = options.stage?.kind ?? "system";
    this.#program = options.program;
    this.#calls = options.calls;
    this.#found = options.found;
    this.#lifecycle = lifecycleOf(options.stage);
    this.#types = options.types;
    const hasEnd = !["system", "sink", "observer"].includes(this.#kind);
    this.#end = hasEnd ? new EndEvidence(options.name) : undefined;
    const { inputs, isJudged, nameOf } = options;
    const isSink = this.#kind === "sink";
    const tells = inputs.lanes.length > 0 && this.#kind !== "observer";
    this.#evidence = tells ? new InputEvidence({ inputs, isSink, isJudged, nameOf }) : undefined;
  }

  /** Where a machine of the lane stands; that of a stage has its name. */
  stateOf(machine: string): Kinded | undefined {
    return this.#lifecycle.stateOf(machine);
  }

  get verdict(): StageVerdict {
    return {
      stage: this.name,
      kind: this.#kind,
      taken: this.#taken,
      matched: this.#program?.matched ?? 0,
      diverged: this.diverged,
      kinds: this.kinds,
      first: this.first,
    };
  }

  /** Whether the lane has come to its natural end: nothing takes it up again. */
  get isDone(): boolean {
    if (this.stateOf(this.name)?.kind !== "drained") return false;
    return this.#kind === "source" ? this.#end?.ended?.record.end === "natural" : this.inputs.endedNaturally;
  }

  /** Another process goes on with the run. */
  takeOver(): void {
    if (this.isDone) return;
    this.#lifecycle.takeOver();
    this.#end?.takeOver();
    this.inputs.takeOver();
    this.#evidence?.takeOver();
    this.#program?.takeOver();
  }

  /** What the lane has come to, for a process that goes on with it. */
  get recovered(): RecoveredLane {
    const inputs = new Map(this.inputs.lanes.map((lane) => [lane, this.inputs.restOf(lane)]));
    const delivery = this.#evidence?.delivery;
    const { isDone } = this;
    const state = this.stateOf(this.name);
    return {
      nextSeq: this.#nextSeq,
      data: this.#data,
      taken: this.#kind === "source" ? this.#place.items : this.inputs.taken,
      rejected: this.#rejected,
      timeMs: this.#timeMs,
      end: this.#end?.ended,
      isDone,
      state,
      place: { ...this.#place },
      inputs,
      delivery,
      program: this.#program?.rest,
      calls: this.#calls,
    };
  }

  /** Goes on from a snapshot. What it says of the lanes that this one reads is in `lanes`. */
  restore(state: LaneState, lanes: readonly LaneState[]): void {
    const { nextSeq, data, timeMs, end, place, machines, stage } = state;
    this.#nextSeq = nextSeq;
    this.#timeMs = timeMs;
    this.#rejected = state.rejected;
    this.inputs.taken = state.taken;
    this.#end?.restore(end);
    Object.assign(this.#place, place);
    for (const [type, count] of data) this.#data.set(type, count);
    this.dataRecords = place.items;
    if (this.#kind === "source") this.#taken = place.items;
    this.#lifecycle.restore(machines);
    for (const lane of this.inputs.lanes) {
      const upstream = lanes[lane] as LaneState;
      const { end: ended } = upstream;
      const isUnread = ended !== undefined && stage.unread.some((span) => isIn(span, lane, ended.seq));
      this.inputs.restore(lane, upstream.data, isUnread ? undefined : ended?.record);
    }
    if (stage.step !== undefined) this.#program?.restore(stage.step, data, timeMs);
    if (stage.delivery !== undefined) this.#evidence?.restore(stage.delivery);
    this.#unread = stage.unread;
    this.#needed = [...stage.unread, ...(stage.delivery?.buffered.flat() ?? [])];
  }

  /** What its program has come to, where no step is open. */
  get settledStep(): StepState | undefined {
    this.#program?.close();
    return this.#program?.state;
  }

  /** Whether a frame from before the snapshot may hold anything that the lane needs. */
  needs({ lane, firstSeq, count }: StoredFrame): boolean {
    return this.#needed.some((span) => span.lane === lane && span.first < firstSeq + count && firstSeq <= span.last);
  }

  /** Whether calls in the lane before the snapshot may be for inputs that were not taken by then. */
  get hasCalls(): boolean {
    return this.#calls !== undefined && this.#unread.length > 0;
  }

  /** Takes a frame of a lane that is read in, from before the snapshot. */
  recall(frame: DecodedFrame): void {
    this.inputs.recall(frame, this.#unread);
    this.#evidence?.recall(frame);
  }

  /** Notes the calls in a frame of the lane itself, from before the snapshot. */
  recallCalls(frame: DecodedFrame): void {
    this.#calls?.recall(frame, this.#unread);
  }

  /** Whether recorded records of the last frame taken are still to be compared. */
  get keepsRecords(): boolean {
    return this.#program?.keepsRecords === true;
  }

  /** What has to be waited for before a frame can be taken, if anything has. */
  prepare(frame: DecodedFrame): Promise<void> | undefined {
    return this.#calls?.prepare(frame);
  }

  /** The records of the frame as they are computed now, or why the recorded ones make no sense. */
  take(frame: DecodedFrame): readonly LogRecord[] | string {
    this.#nextSeq = frame.firstSeq + frame.records.length;
    this.#timeMs = frame.timeMs;
    for (const [index, record] of frame.records.entries()) {
      if (record.kind === "data") {
        this.#data.set(record.type, (this.#data.get(record.type) ?? 0) + 1);
        this.#place.items++;
        this.#place.itemsSinceCursor++;
      } else if (record.kind === "cursor") {
        this.#place.cursor = record.cursor;
        this.#place.itemsSinceCursor = 0;
      } else if (record.kind === "transition") this.#checkMove(record, frame, index);
      else if (record.kind === "error" || record.kind === "receipt") this.#rejected += rejectedBy(record);
    }
    const computed = this.#program === undefined ? this.#takeAsRecorded(frame) : this.#program.take(frame);
    for (const disagreement of this.#evidenceOf(frame)) this.#disagrees(disagreement, frame);
    if (typeof computed !== "string") for (const { kind } of computed) if (kind === "data") this.dataRecords++;
    return computed;
  }

  /** Nothing more is on record. A stage that did not come to its end may have had more to give. */
  close(): void {
    this.#program?.close(true);
  }

  /** What came from outside, or went there, stands as it is on record. */
  #takeAsRecorded(frame: DecodedFrame): readonly LogRecord[] | string {
    let step: StepInputs | undefined;
    for (const record of frame.records) {
      if (record.kind === "data") this.#taken++;
      else if (record.kind === "receipt") this.#taken += begins(record) ? record.count : 0;
      else if (record.kind === "consumed") {
        const lanes: LaneId[] = [];
        const seqs: LaneSeq[] = [];
        const inputs: TakenInput[] = [];
        step = { lanes, seqs, inputs };
        for (const span of record.spans) {
          const found = this.inputs.take(span, ({ kind }, seq, from, original) => {
            if (kind !== "data") return;
            lanes.push(span.lane);
            seqs.push(seq);
            inputs.push({ lane: span.lane, seq, record: original, frame: from });
          });
          if (!found) return "it takes inputs that are not next on record";
        }
      }
    }
    this.#evidence?.receive(frame, step);
    return frame.records;
  }

  /** Where a frame does not agree with what the lane has on record beside it. */
  *#evidenceOf(frame: DecodedFrame): Iterable<Disagreement> {
    if (this.#evidence !== undefined) yield* this.#evidence.check(frame);
    if (this.#kind === "source") yield* sourceEvidence(frame, this.#taken, this.#types);
    if (this.#end !== undefined) yield* this.#end.check(frame, this.stateOf(this.name)?.kind, this.inputs.end);
  }

  #disagrees({ index, recorded, recomputed }: Disagreement, frame: DecodedFrame): void {
    this.#found({
      place: formatPlace(this.name, (frame.firstSeq + index) as LaneSeq),
      lsn: frame.lsn,
      kind: recorded === undefined ? "extra" : "changed",
      causes: [],
      recorded,
      recomputed,
      differences: typeof recorded === "object" ? differences(recorded, recomputed) : [],
    });
  }

  #checkMove(record: Extract<LogRecord, { kind: "transition" }>, frame: DecodedFrame, index: number): void {
    const computed = this.#lifecycle.take(record);
    if (computed === undefined) return;
    this.#found({
      place: formatPlace(this.name, (frame.firstSeq + index) as LaneSeq),
      lsn: frame.lsn,
      kind: "changed",
      causes: [],
      recorded: `${record.machine}: ${record.from} → ${record.to}`,
      recomputed: computed,
      differences: [],
    });
  }
}

function isIn({ lane, first, last }: Span, of: LaneId, seq: LaneSeq): boolean {
  return lane === of && first <= seq && seq <= last;
}

/** Whether a receipt is the first that tells what became of its inputs. */
function begins({ outcome }: ReceiptRecord): boolean {
  return outcome !== "partial" && outcome !== "committed";
}
