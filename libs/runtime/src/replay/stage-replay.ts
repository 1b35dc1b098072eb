import {
  encodeRecords,
  explainFault,
  formatPlace,
  MessagePackWriter,
  type DataRecord,
  type EndRecord,
  type ErrorRecord,
  type LaneId,
  type LaneSeq,
  type LogRecord,
  type Lsn,
  type RunManifest,
  type Span,
  type TypeId,
} from "@refold/core";

import type { PureDefinition } from "../definition/flow-definition.ts";
import { InputContext } from "../step/input-context.ts";
import type { LoopEntry } from "../step/loop-entry.ts";
import { HandlerThrew, StepRecorder } from "../step/step-recorder.ts";
import { describeValue } from "./describe-value.ts";
import { differences, type Difference } from "./differences.ts";
import type { DecodedFrame } from "./decoded-frame.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";
import type { Divergence } from "./replay-report.ts";
import { sameBytes } from "./same-bytes.ts";

/** What a replay of a stage tells of a divergence; the rest is known to the one who asks. */
export type FoundDivergence = Omit<Divergence, "stage" | "code">;

interface Placed {
  readonly record: Output;
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** A step whose recorded outputs may go on in the next frame. */
interface OpenStep {
  /** What was computed and is not settled yet, and how much of it the candidate has. */
  computed: Output[];
  given: number;
  /** What is on record and was not found to be the same at once. */
  readonly recorded: Placed[];
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** Runs the program of one pure stage over its recorded inputs, and holds its outputs against the recorded ones. */
export class StageReplay {
  matched = 0;
  readonly #name: string;
  readonly #step: StepRecorder;
  readonly #inputs: RecordedInputs;
  readonly #manifest: RunManifest;
  readonly #type: TypeId;
  readonly #found: (divergence: FoundDivergence) => void;
  readonly #encoder: MessagePackWriter = new MessagePackWriter(64 * 1024);
  #open: OpenStep | undefined;
  #computed = 0;
  #ending = false;

  constructor(options: {
    readonly definition: PureDefinition;
    readonly manifest: RunManifest;
    readonly lane: LaneId;
    readonly type: TypeId;
    readonly inputs: RecordedInputs;
    readonly loop: LoopEntry | undefined;
    readonly found: (divergence: FoundDivergence) => void;
  }) {
    const { definition, manifest, lane, type } = options;
    this.#name = definition.name;
    this.#manifest = manifest;
    this.#inputs = options.inputs;
    this.#type = type;
    this.#found = options.found;
    const context = new InputContext(manifest.rootRunId, definition.name);
    this.#step = new StepRecorder({
      program: definition.program(),
      context,
      lane,
      type,
      passesErrors: definition.kind === "transform",
      loop: options.loop,
    });
  }

  /** Whether recorded records are still to be compared. */
  get keepsRecords(): boolean {
    return this.#open !== undefined && this.#open.recorded.length > 0;
  }

  /** Computes a frame again. Returns its records as computed now, or why the recorded ones make no sense. */
  take(frame: DecodedFrame): readonly LogRecord[] | string {
    const head = frame.records[0];
    if (head?.kind === "consumed") {
      this.close();
      const problem = this.#takeInputs(head.spans, frame);
      if (problem !== undefined) return problem;
    } else if (head !== undefined && isOutput(head)) {
      if (this.#open === undefined) this.#finish(frame);
      else this.#goOn(this.#open, outputsIn(frame));
    }
    const others: LogRecord[] = [];
    for (const [index, record] of frame.records.entries()) {
      const seq = (frame.firstSeq + index) as LaneSeq;
      if (record.kind === "end") others.push(this.#end(record, seq, frame.lsn));
      else if (!isOutput(record)) {
        if (record.kind === "transition") this.#moved(record.event);
        others.push(record);
      }
    }
    return this.#open === undefined ? others : this.#settle(this.#open, frame, others);
  }

  /** Settles the step that may have gone on: what it computes beyond the record is extra, unless it was cut short. */
  close(cutShort: boolean = false): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (cutShort) this.#cut(open);
    else this.#goOn(open, 1);
    this.#compare(open);
  }

  #cut(open: OpenStep): void {
    const unrecorded = open.computed.splice(open.recorded.length);
    this.#computed -= dataIn(unrecorded);
  }

  #takeInputs(spans: readonly Span[], frame: DecodedFrame): string | undefined {
    const step = this.#step;
    // What the last input has left is taken as the record goes on with it.
    step.begin(outputsIn(frame));
    for (const span of spans) {
      const found = this.#inputs.take(span, (record, seq, timeMs) => {
        if (record.kind !== "data" && record.kind !== "error") return;
        this.#guard(frame, () => step.drain());
        if (record.kind === "error") {
          step.passOn(record, span.lane, seq);
          return;
        }
        const taken = this.#guard(frame, () => step.take(record, span.lane, seq, timeMs), [
          this.#placeOf(span.lane, seq),
        ]);
        if (!taken) step.skip(span.lane, seq);
      });
      if (!found) return `it takes ${this.#spanText(span)}, which is not what its upstream has on record next`;
    }
    this.#begin(frame);
    return undefined;
  }

  #finish(frame: DecodedFrame): void {
    const step = this.#step;
    const recorded = outputsIn(frame);
    step.begin(recorded);
    if (this.#ending) this.#guard(frame, () => step.finish(recorded, frame.firstSeq));
    this.#begin(frame);
  }

  /** Has the last input of an open step emit as much as is on record. */
  #goOn(open: OpenStep, records: number): void {
    const step = this.#step;
    const lacking = open.given + records - open.computed.length;
    if (lacking <= 0 || !step.hasMore) return;
    this.#guard({ lsn: open.lsn, firstSeq: open.seq }, () => step.more(lacking));
    this.#add(open);
  }

  #begin(frame: DecodedFrame): void {
    const open: OpenStep = { computed: [], given: 0, recorded: [], seq: frame.firstSeq, lsn: frame.lsn };
    this.#add(open);
    this.#open = open;
  }

  #add(open: OpenStep): void {
    const computed = this.#step.records.filter(isOutput);
    this.#computed += dataIn(computed);
    open.computed = open.computed.length === 0 ? [...computed] : [...open.computed, ...computed];
  }

  /** Equal bytes are equal records, whatever they hold; only where they differ is it worth looking closer. */
  #settle(open: OpenStep, frame: DecodedFrame, others: readonly LogRecord[]): readonly LogRecord[] {
    const recorded = outputsIn(frame);
    const computed = open.computed.slice(open.given, open.given + recorded);
    let records = [...others, ...computed];
    if (open.recorded.length === 0 && open.given === 0 && this.#encodesTo(records, frame.body)) {
      this.matched += recorded;
      open.computed = open.computed.slice(recorded);
    } else {
      open.given += computed.length;
      records = [...others, ...this.#storable(computed)];
      for (const [index, record] of frame.records.entries()) {
        if (!isOutput(record)) continue;
        open.recorded.push({ record, seq: (frame.firstSeq + index) as LaneSeq, lsn: frame.lsn });
      }
    }
    if (open.computed.length === 0 && open.recorded.length === 0 && !this.#step.hasMore) this.#open = undefined;
    return records;
  }

  #encodesTo(records: readonly LogRecord[], body: Uint8Array): boolean {
    return this.#encode(records) === undefined && sameBytes(this.#encoder.bytes, this.#encoder.at, body);
  }

  /** Why records cannot be stored, if they cannot. */
  #encode(records: readonly LogRecord[]): string | undefined {
    this.#encoder.at = 0;
    const fault = encodeRecords(this.#encoder, records);
    if (fault === undefined) return undefined;
    return fault.kind === "unstorable" ? `${fault.detail} at ${fault.path}` : explainFault(fault);
  }

  /** What the candidate can hold of outputs. What cannot be stored is not part of what the lane has computed. */
  #storable(computed: readonly Output[]): readonly Output[] {
    const storable = computed.filter((record) => this.#encode([record]) === undefined);
    this.#computed -= dataIn(computed) - dataIn(storable);
    return storable;
  }

  /** Holds outputs against one another input by input, so that one more or less does not shift all the rest. */
  #compare(open: OpenStep): void {
    const computed = new Map<unknown, Output[]>();
    for (const record of open.computed) append(computed, causeKey(record), record);
    const recorded = new Map<unknown, Placed[]>();
    for (const placed of open.recorded) append(recorded, causeKey(placed.record), placed);
    for (const key of new Set([...recorded.keys(), ...computed.keys()])) {
      const then = recorded.get(key) ?? [];
      const now = computed.get(key) ?? [];
      for (let i = 0; i < Math.max(then.length, now.length); i++) this.#compareOne(then[i], now[i], open);
    }
  }

  #compareOne(then: Placed | undefined, now: Output | undefined, open: OpenStep): void {
    const refused = now === undefined ? undefined : this.#encode([now]);
    const changes =
      then === undefined || now === undefined || refused !== undefined ? [] : this.#changes(then.record, now);
    const record = then?.record ?? now;
    if (record === undefined) return;
    if (then !== undefined && now !== undefined && refused === undefined && changes.length === 0) {
      this.matched++;
      return;
    }
    this.#found({
      place: this.#ownPlace(then?.seq ?? open.seq),
      lsn: then?.lsn ?? open.lsn,
      kind: then === undefined ? "extra" : now === undefined ? "missing" : "changed",
      causes: this.#causes(record),
      recorded: then === undefined ? undefined : contentOf(then.record),
      // What cannot be stored can mostly not be shown either: it is told of.
      recomputed: refused !== undefined ? `(cannot be stored: ${refused})` : now && contentOf(now),
      differences: changes,
    });
  }

  /** Where two records of the same place differ: in their payloads or, if these are the same, in what is said of them. */
  #changes(then: Output, now: Output): readonly Difference[] {
    const found = differences(contentOf(then), contentOf(now));
    if (found.length > 0) return found;
    // The origin of an aggregate is its own place, which one more or less before it shifts.
    const said = (record: Output): unknown => this.#said(record);
    return differences(said(then), said(now)).map((one) => ({ ...one, path: one.path.replace("$", "(record)") }));
  }

  #said(record: Output): unknown {
    const { cause, originLane, originSeq } = record;
    return {
      type: record.kind === "data" ? this.#manifest.types[record.type]?.name : undefined,
      hops: record.kind === "data" ? (record.hops ?? 0) : undefined,
      ...(typeof cause === "number" ? { origin: this.#placeOf(originLane, originSeq) } : { cause }),
    };
  }

  #moved(event: { readonly kind: string; readonly end?: unknown }): void {
    // Whoever is cancelled, or fails, leaves behind what it still had to give.
    this.close(event.kind === "cancel" || event.kind === "fail");
    if (event.kind === "inputs-ended") this.#ending = event.end === "natural";
  }

  /** The end as it would be advertised now. */
  #end(recorded: EndRecord, seq: LaneSeq, lsn: Lsn): EndRecord {
    const cutShort = recorded.end === "poison";
    this.close(cutShort);
    if (this.#ending && !cutShort) this.#findLeftOver(seq, lsn);
    const end: EndRecord = { ...recorded, counts: [{ type: this.#type, count: this.#computed }] };
    const changes = differences(recorded, end);
    if (changes.length > 0) {
      const place = this.#ownPlace(seq);
      this.#found({ place, lsn, kind: "changed", causes: [], recorded, recomputed: end, differences: changes });
    }
    return end;
  }

  #findLeftOver(seq: LaneSeq, lsn: Lsn): void {
    const step = this.#step;
    step.begin(1);
    this.#guard({ lsn, firstSeq: seq }, () => step.finish(1, seq));
    const open: OpenStep = { computed: [], given: 0, recorded: [], seq, lsn };
    this.#add(open);
    this.#compare(open);
  }

  /** Runs author's code; what it throws is a divergence. Returns false if it threw. */
  #guard(
    at: { readonly lsn: Lsn; readonly firstSeq: LaneSeq },
    run: () => unknown,
    causes: readonly string[] = [],
  ): boolean {
    try {
      run();
      return true;
    } catch (thrown) {
      const cause = thrown instanceof HandlerThrew ? thrown.cause : thrown;
      const recomputed = cause instanceof Error ? `${cause.name}: ${cause.message}` : describeValue(cause);
      const place = this.#ownPlace(at.firstSeq);
      this.#found({
        place,
        lsn: at.lsn,
        kind: "handler-threw",
        causes,
        recorded: undefined,
        recomputed,
        differences: [],
      });
      return false;
    }
  }

  #ownPlace(seq: LaneSeq): string {
    return formatPlace(this.#name, seq);
  }

  #causes(record: Output): readonly string[] {
    const { cause } = record;
    if (cause === undefined) return [];
    if (typeof cause !== "number") return cause.map((span) => this.#spanText(span));
    const { lane, seq } = this.#step.placeOf(cause);
    return [this.#placeOf(lane, seq)];
  }

  #spanText({ lane, first, last }: Span): string {
    return first === last ? this.#placeOf(lane, first) : `${this.#placeOf(lane, first)}..${last}`;
  }

  #placeOf(lane: LaneId, seq: LaneSeq): string {
    return formatPlace(this.#manifest.lanes[lane] ?? String(lane), seq);
  }
}

function outputsIn({ records }: DecodedFrame): number {
  let count = 0;
  for (const record of records) if (isOutput(record)) count++;
  return count;
}

/** What a program puts on record. */
type Output = DataRecord | ErrorRecord;

function isOutput(record: LogRecord): record is Output {
  return record.kind === "data" || record.kind === "error";
}

function dataIn(records: readonly Output[]): number {
  let count = 0;
  for (const { kind } of records) if (kind === "data") count++;
  return count;
}

/** What is compared of a record before all else. */
function contentOf(record: Output): unknown {
  return record.kind === "data" ? record.payload : { error: record.error, message: record.message };
}

function causeKey({ cause }: Output): unknown {
  return typeof cause === "number" ? cause : "all";
}

function append<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
