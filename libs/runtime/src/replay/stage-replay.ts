import {
  encodeRecords,
  formatPlace,
  MessagePackWriter,
  type DataRecord,
  type EndRecord,
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
import { HandlerThrew, StepRecorder } from "../step/step-recorder.ts";
import { differences, type Difference } from "./differences.ts";
import type { DecodedFrame } from "./decoded-frame.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";
import type { Divergence } from "./replay-report.ts";

/** What a replay of a stage tells of a divergence; the rest is known to the one who asks. */
export type FoundDivergence = Omit<Divergence, "stage" | "code">;

interface Placed {
  readonly record: DataRecord;
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** A step whose recorded outputs may go on in the next frame. */
interface OpenStep {
  readonly computed: readonly DataRecord[];
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
    readonly found: (divergence: FoundDivergence) => void;
  }) {
    const { definition, manifest, lane, type } = options;
    this.#name = definition.name;
    this.#manifest = manifest;
    this.#inputs = options.inputs;
    this.#type = type;
    this.#found = options.found;
    const context = new InputContext(manifest.rootRunId, definition.name);
    this.#step = new StepRecorder({ program: definition.program(), context, lane, type });
  }

  /** Computes a frame again. Returns its records as computed now, or why the recorded ones make no sense. */
  take(frame: DecodedFrame): readonly LogRecord[] | string {
    const { records } = frame;
    const head = records[0];
    if (head?.kind === "consumed") {
      this.close();
      const problem = this.#takeInputs(head.spans, frame);
      if (problem !== undefined) return problem;
    } else if (head?.kind === "data" && this.#open === undefined) this.#finish(frame);
    const computed: LogRecord[] = [];
    const from = this.#open?.recorded.length ?? 0;
    for (const [index, record] of records.entries()) {
      const seq = (frame.firstSeq + index) as LaneSeq;
      if (record.kind === "data") this.#open?.recorded.push({ record, seq, lsn: frame.lsn });
      else if (record.kind === "end") computed.push(this.#end(record, seq, frame.lsn));
      else {
        if (record.kind === "transition") this.#moved(record.event);
        computed.push(record);
      }
    }
    const open = this.#open;
    if (open === undefined) return computed;
    computed.push(...open.computed.slice(from, open.recorded.length));
    if (from === 0 && open.computed.length === open.recorded.length) this.#compareWhole(open, frame, computed);
    return computed;
  }

  /** Settles the step that may have gone on: what it computed beyond the record is extra. */
  close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#compare(open);
  }

  #takeInputs(spans: readonly Span[], frame: DecodedFrame): string | undefined {
    const step = this.#step;
    step.begin();
    for (const span of spans) {
      const found = this.#inputs.take(span, (record, seq, timeMs) => {
        if (record.kind !== "data") return;
        try {
          step.take(record, span.lane, seq, timeMs);
        } catch (thrown) {
          step.skip(span.lane, seq);
          this.#threw(thrown, frame, [this.#placeOf(span.lane, seq)]);
        }
      });
      if (!found) return `it takes ${this.#spanText(span)}, which is not what its upstream has on record next`;
    }
    this.#begin(frame);
    return undefined;
  }

  #finish(frame: DecodedFrame): void {
    const step = this.#step;
    step.begin();
    const recorded = frame.records.filter((record) => record.kind === "data").length;
    try {
      if (this.#ending) step.finish(recorded, frame.firstSeq);
    } catch (thrown) {
      this.#threw(thrown, frame, []);
    }
    this.#begin(frame);
  }

  #begin(frame: DecodedFrame): void {
    // A program emits data alone.
    const computed = this.#step.records as readonly DataRecord[];
    this.#computed += computed.length;
    this.#open = { computed, recorded: [], seq: frame.firstSeq, lsn: frame.lsn };
  }

  /** Equal bytes are equal records, whatever they hold; only where they differ is it worth looking closer. */
  #compareWhole(open: OpenStep, frame: DecodedFrame, computed: readonly LogRecord[]): void {
    this.#open = undefined;
    const encoder = this.#encoder;
    encoder.at = 0;
    const fault = encodeRecords(encoder, computed);
    if (fault === undefined && sameBytes(encoder.bytes, encoder.at, frame.body)) this.matched += open.computed.length;
    else this.#compare(open);
  }

  /** Holds outputs against one another input by input, so that one more or less does not shift all the rest. */
  #compare(open: OpenStep): void {
    const computed = new Map<unknown, DataRecord[]>();
    for (const record of open.computed) append(computed, causeKey(record), record);
    const recorded = new Map<unknown, Placed[]>();
    for (const placed of open.recorded) append(recorded, causeKey(placed.record), placed);
    for (const key of new Set([...recorded.keys(), ...computed.keys()])) {
      const then = recorded.get(key) ?? [];
      const now = computed.get(key) ?? [];
      for (let i = 0; i < Math.max(then.length, now.length); i++) this.#compareOne(then[i], now[i], open);
    }
  }

  #compareOne(then: Placed | undefined, now: DataRecord | undefined, open: OpenStep): void {
    const changes = then === undefined || now === undefined ? [] : this.#changes(then.record, now);
    const record = then?.record ?? now;
    if (record === undefined) return;
    if (then !== undefined && now !== undefined && changes.length === 0) {
      this.matched++;
      return;
    }
    this.#found({
      place: this.#ownPlace(then?.seq ?? open.seq),
      lsn: then?.lsn ?? open.lsn,
      kind: then === undefined ? "extra" : now === undefined ? "missing" : "changed",
      causes: this.#causes(record),
      recorded: then?.record.payload,
      recomputed: now?.payload,
      differences: changes,
    });
  }

  /** Where two records of the same place differ: in their payloads or, if these are the same, in what is said of them. */
  #changes(then: DataRecord, now: DataRecord): readonly Difference[] {
    const found = differences(then.payload, now.payload);
    if (found.length > 0) return found;
    // The origin of an aggregate is its own place, which one more or less before it shifts.
    const said = ({ type, cause, originLane, originSeq }: DataRecord): unknown => ({
      type: this.#manifest.types[type]?.name,
      ...(typeof cause === "number" ? { origin: this.#placeOf(originLane, originSeq) } : { cause }),
    });
    return differences(said(then), said(now)).map((one) => ({ ...one, path: one.path.replace("$", "(record)") }));
  }

  #moved(event: { readonly kind: string; readonly end?: unknown }): void {
    this.close();
    if (event.kind === "inputs-ended") this.#ending = event.end === "natural";
  }

  /** The end as it would be advertised now. */
  #end(recorded: EndRecord, seq: LaneSeq, lsn: Lsn): EndRecord {
    this.close();
    if (this.#ending) this.#findLeftOver(seq, lsn);
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
    step.begin();
    try {
      step.finish(1, seq);
    } catch (thrown) {
      this.#threw(thrown, { lsn, firstSeq: seq }, []);
      return;
    }
    this.#computed += step.records.length;
    this.#compare({ computed: step.records as readonly DataRecord[], recorded: [], seq, lsn });
  }

  #threw(thrown: unknown, at: { readonly lsn: Lsn; readonly firstSeq: LaneSeq }, causes: readonly string[]): void {
    const cause = thrown instanceof HandlerThrew ? thrown.cause : thrown;
    const recomputed = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
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
  }

  #ownPlace(seq: LaneSeq): string {
    return formatPlace(this.#name, seq);
  }

  #causes(record: DataRecord): readonly string[] {
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

function causeKey({ cause }: DataRecord): unknown {
  return typeof cause === "number" ? cause : "all";
}

function append<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}

function sameBytes(a: Uint8Array, length: number, b: Uint8Array): boolean {
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
