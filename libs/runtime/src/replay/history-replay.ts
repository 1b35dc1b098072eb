import { err, ok, type Result } from "neverthrow";

import {
  formatPlace,
  FrameDecoder,
  SYSTEM_LANE,
  type EpochRecord,
  type LaneId,
  type LaneSeq,
  type DecodedFrame,
  type FrameFault,
  type LogRecord,
  type Lsn,
  type RunLog,
  type RunManifest,
  type RunReader,
  type SealRecord,
  type StoredFrame,
} from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { RunHost } from "../pipeline/run-host.ts";
import { differences } from "./differences.ts";
import { recordedSettings } from "../config/recorded-settings.ts";
import { Candidate } from "./candidate.ts";
import type { LaneReplay } from "./lane-replay.ts";
import { laneReplays } from "./lane-replays.ts";
import type { ReplayPart } from "./replay-part.ts";
import { RecordedTypes } from "./recorded-types.ts";
import { withoutVoidEnds } from "./recorded-inputs.ts";
import type { RecoveredLane } from "./recovered-lane.ts";
import type { ReplayFault, ReplayReport } from "./replay-report.ts";
import { sealedOutcome } from "./sealed-outcome.ts";
import type { Divergence, FoundDivergence } from "./divergence.ts";
import { deepFreeze } from "../step/deep-freeze.ts";
import type { LastSnapshots, RunStateAt } from "../snapshot/last-snapshots.ts";
import { isSameStored } from "../snapshot/run-state.ts";
import { unreadableFrame } from "./unreadable-frame.ts";

export interface HistoryReplayOptions {
  /** The run that is replayed. */
  readonly recorded: RunReader;
  /** The flow as it is now. */
  readonly definition: FlowDefinition;
  /** Takes what is computed, as a run of its own, with the lanes and types of the recorded one. The replay closes it. */
  readonly into?: RunLog;
  readonly host: Omit<RunHost, "abortController">;
  /** How many bytes of earlier frames are kept for payloads that later ones pass on: 64 MiB, unless it is given. */
  readonly keepBytes?: number;
  /** Called now and then with the number of frames done. */
  readonly progress?: (frames: number) => void;
  /** What is replayed of the run, and how; all of it, as fast as possible, unless it is given. */
  readonly part?: ReplayPart;
}

/** Runs a recorded history through a flow, lane by lane, and gathers where it differs from what is on record. */
export class HistoryReplay {
  readonly #options: HistoryReplayOptions;
  readonly #manifest: RunManifest;
  readonly #candidate: Candidate | undefined;
  readonly #lanes: readonly LaneReplay[];
  #decoder: FrameDecoder;
  /** Whether payloads were frozen in the recorded run before handlers saw them, and so are here. */
  readonly #freezes: boolean;
  readonly #types: RecordedTypes;
  readonly #nextSeq: number[];
  /** The lanes that read a lane, by its id. */
  readonly #readers: ReadonlyMap<LaneId, readonly LaneReplay[]>;
  #epoch: EpochRecord | undefined;
  #seal: SealRecord | undefined;
  #lastTimeMs = Number.NEGATIVE_INFINITY;
  #first: Divergence | undefined;
  /** The frame since which nobody has gone on with the run by force, and the first divergence from there on. */
  #forcedAt: Lsn = 0 as Lsn;
  #unforced: Divergence | undefined;
  /** The last epoch of a process that went on by force. */
  #lastForced = Number.NEGATIVE_INFINITY;
  /** Where the history begins: behind a snapshot, if there is one; and from where on what was in flight then is read. */
  #begin: Lsn = 0 as Lsn;
  #readFrom: Lsn = 0 as Lsn;
  /** Where the process began that took the snapshot. */
  #epochAt: Lsn = 0 as Lsn;
  /** A newer snapshot, and the frame that comes next. */
  #expected: RunStateAt | undefined;
  #nextLsn: Lsn = 0 as Lsn;
  #frames = 0;
  #records = 0;
  /** Whether the replay was given up before the end of what it was to replay. */
  #givenUp = false;

  constructor(options: HistoryReplayOptions) {
    this.#options = options;
    this.#manifest = options.recorded.manifest;
    const settings = recordedSettings(this.#manifest);
    this.#candidate = options.into && new Candidate(options.into);
    this.#decoder = this.#makeDecoder(0 as Lsn);
    this.#freezes = settings.flow("development.freeze");
    this.#types = new RecordedTypes(this.#manifest, options.definition.types);
    this.#nextSeq = this.#manifest.lanes.map(() => 0);
    const { definition, host, part } = options;
    this.#lanes = laneReplays({
      manifest: this.#manifest,
      definition,
      settings,
      passesOn: !this.#types.upcasts,
      clock: host.clock,
      part,
      found: (lane, divergence) => this.#found(this.#lanes[lane] as LaneReplay, divergence),
    });
    this.#readers = readersOf(this.#lanes);
  }

  /** How the run has ended, if it has. */
  get seal(): SealRecord | undefined {
    return this.#seal;
  }

  /** The time of the latest frame. */
  get lastTimeMs(): number {
    return this.#lastTimeMs;
  }

  /** The first divergence that nobody has put up with by going on by force. */
  get unforced(): Divergence | undefined {
    return this.#unforced;
  }

  /** How many frames back somebody went on with the run by force; infinite, if nobody did. */
  get forcedBehind(): number {
    return this.#nextLsn - this.#lastForced;
  }

  /** Whether somebody did after the snapshot that this began with: that is another code's. */
  get outlivedSnapshot(): boolean {
    return this.#begin > 0 && this.#lastForced >= this.#begin;
  }

  /** By the time of a snapshot, the code has to have come to what that says. */
  expect(snapshot: RunStateAt): void {
    this.#expected = snapshot;
  }

  /**
   * Goes on from the earlier of two snapshots, in place of the frames before it. By the time of the other, the code has to have
   * come to what that says. Called before `run`, or never.
   */
  restore({ earlier: { lsn, state }, newest }: LastSnapshots): void {
    const { lanes, unreadBehind, payloadsBehind, epochBehind, runtime, refold, fingerprints } = state;
    this.#expected = newest;
    this.#nextLsn = lsn;
    this.#begin = lsn;
    this.#readFrom = Math.max(this.#options.recorded.first, lsn - unreadBehind) as Lsn;
    this.#decoder = this.#makeDecoder((lsn - payloadsBehind) as Lsn);
    this.#epochAt = (lsn - epochBehind) as Lsn;
    this.#epoch = { kind: "epoch", runtime, refold, fingerprints, forced: false };
    this.#forcedAt = lsn;
    this.#lastForced = lsn - state.forcedBehind;
    this.#lastTimeMs = state.timeMs;
    for (const [lane, one] of lanes.entries()) {
      this.#nextSeq[lane] = one.nextSeq;
      this.#lanes[lane]?.restore(one, lanes);
    }
  }

  async run(): Promise<Result<void, ReplayFault>> {
    const { recorded, progress, part: { until, pace, signal } = {} } = this.#options;
    reading: for await (const batch of recorded.read(this.#readFrom)) {
      if (batch.isErr()) return err(batch.error);
      for (const frame of batch.value) {
        if (until !== undefined && frame.lsn > until.lsn) break reading;
        const due = pace?.whenDue(frame.timeMs);
        if (due !== undefined) {
          progress?.(this.#frames);
          await due;
        }
        if (signal?.aborted === true) {
          this.#givenUp = true;
          break reading;
        }
        const taken = this.#take(frame);
        const fault = taken instanceof Promise ? await taken : taken;
        if (fault !== undefined) return err(this.#withFirst(fault));
      }
      progress?.(this.#frames);
      await this.#candidate?.room();
    }
    progress?.(this.#frames);
    this.#compareState(this.#nextLsn);
    return this.#candidate?.whenSafe() ?? ok();
  }

  /** What makes no sense may follow from what diverged before it. */
  #withFirst(fault: ReplayFault): ReplayFault {
    if (fault.kind !== "malformed-record" || this.#first === undefined) return fault;
    return { ...fault, detail: `${fault.detail}; before it, ${this.#first.place} is not computed as it was recorded` };
  }

  #makeDecoder(payloadsFrom: Lsn): FrameDecoder {
    const { recorded, keepBytes } = this.#options;
    return new FrameDecoder(recorded, { payloadsFrom, ...(keepBytes !== undefined && { keepBytes }) });
  }

  #take(stored: StoredFrame): ReplayFault | undefined | Promise<ReplayFault | undefined> {
    if (stored.lsn < this.#begin) return this.#recall(stored);
    this.#compareState(stored.lsn);
    const decoded = this.#decoder.decode(stored);
    if (decoded instanceof Promise) return decoded.then((frame) => this.#takeDecoded(frame, stored));
    return this.#takeDecoded(decoded, stored);
  }

  /** Holds what every program has come to before a frame against the newer snapshot, if that is of the same time. */
  #compareState(lsn: Lsn): void {
    if (this.#expected?.lsn !== lsn) return;
    for (const [index, { nextSeq, stage }] of this.#expected.state.lanes.entries()) {
      const lane = this.#lanes[index];
      const state = lane?.settledStep;
      if (lane === undefined || stage.step === undefined || isSameStored(state, stage.step)) continue;
      const place = formatPlace(lane.name, nextSeq as LaneSeq);
      const changes = differences(stage.step.program, state?.program);
      const found = {
        kind: "changed",
        causes: [],
        recorded: "the state in its snapshot",
        recomputed: "another state",
      } as const;
      this.#found(lane, { place, lsn, ...found, differences: changes });
    }
  }

  /** Takes in of a frame from before the snapshot what was in flight then. */
  #recall(stored: StoredFrame): undefined | Promise<ReplayFault | undefined> {
    const readers = (this.#readers.get(stored.lane) ?? []).filter((reader) => reader.needs(stored));
    const own = this.#lanes[stored.lane];
    if (readers.length === 0 && own?.hasCalls !== true) {
      this.#decoder.pass(stored);
      return undefined;
    }
    return this.#recallFor(readers, own, stored);
  }

  async #recallFor(
    readers: readonly LaneReplay[],
    own: LaneReplay | undefined,
    stored: StoredFrame,
  ): Promise<ReplayFault | undefined> {
    const decoded = await this.#decoder.decode(stored);
    if (decoded.isErr()) return unreadableFrame(decoded.error, stored.lsn, this.#manifest);
    own?.recallCalls(decoded.value);
    for (const reader of readers) {
      const again = this.#decoder.decodeAgain(stored);
      if (again.isErr()) return unreadableFrame(again.error, stored.lsn, this.#manifest);
      reader.recall(this.#asSeen(stored.lsn < this.#epochAt ? withoutVoidEnds(again.value) : again.value));
    }
    return undefined;
  }

  #takeDecoded(
    decoded: Result<DecodedFrame, FrameFault>,
    stored: StoredFrame,
  ): ReplayFault | undefined | Promise<ReplayFault | undefined> {
    const { lsn } = stored;
    if (decoded.isErr()) return unreadableFrame(decoded.error, lsn, this.#manifest);
    const records = this.#types.upcast(decoded.value.records, lsn);
    if ("kind" in records) return records;
    const frame: DecodedFrame = { ...stored, records };
    const takesOver = frame.lane === SYSTEM_LANE && frame.records.some(({ kind }) => kind === "epoch");
    const misplaced = this.#misplaced(frame, takesOver);
    if (misplaced !== undefined) return { kind: "malformed-record", lsn, detail: misplaced };
    if (takesOver && this.#epoch !== undefined) this.#takeOver();
    this.#lastTimeMs = Math.max(this.#lastTimeMs, stored.timeMs);
    const lane = this.#lanes[frame.lane];
    if (lane === undefined) return { kind: "malformed-record", lsn, detail: `the run has no lane ${frame.lane}` };
    const expected = this.#nextSeq[frame.lane] as number;
    if (frame.firstSeq !== expected) {
      const detail = `lane ${lane.name} goes on with ${frame.firstSeq} where ${expected} is next`;
      return { kind: "malformed-record", lsn, detail };
    }
    this.#nextLsn = (lsn + 1) as Lsn;
    this.#nextSeq[frame.lane] = expected + frame.records.length;
    this.#frames++;
    this.#records += frame.records.length;
    const prepared = lane.prepare(frame);
    return prepared === undefined ? this.#compute(lane, frame) : prepared.then(() => this.#compute(lane, frame));
  }

  /** Why a frame cannot be where it is: a run begins with an epoch, and nothing but another one follows its seal. */
  #misplaced({ lane, records }: DecodedFrame, takesOver: boolean): string | undefined {
    if (this.#epoch === undefined && !takesOver) return "a run begins with an epoch";
    if (this.#seal !== undefined && !takesOver) return "it comes after the run's seal";
    // A step is a frame, as far as it has room in one.
    const late = records.slice(1).find(({ kind }) => kind === "consumed" || kind === "timer");
    if (late !== undefined) return `a frame goes on with a record of kind ${late.kind}`;
    const seals = lane === SYSTEM_LANE && records.some(({ kind }) => kind === "seal");
    return seals && records.length > 1 ? "a seal stands alone in its frame" : undefined;
  }

  #compute(lane: LaneReplay, frame: DecodedFrame): ReplayFault | undefined {
    const { lsn } = frame;
    const computed = lane.take(frame);
    if (typeof computed === "string")
      return { kind: "malformed-record", lsn, detail: `in lane ${lane.name}, ${computed}` };
    if (lane.keepsRecords || lane.diverged > 0 || computed.length !== frame.records.length)
      this.#candidate?.differs(frame.lane);
    const offered = this.#offer(frame);
    if (offered !== undefined) return offered;
    const own = computed.map((record) => this.#ownRecord(lane, frame, record));
    return this.#candidate?.append(frame, own);
  }

  /**
   * Hands a frame to the lanes that read it. Each has the records to itself: what the code of one does to them, no other sees,
   * and neither does what is still to be compared.
   */
  #offer(frame: DecodedFrame): ReplayFault | undefined {
    if (!frame.records.some(({ kind }) => kind === "data" || kind === "error" || kind === "end")) return undefined;
    let free = this.#lanes[frame.lane]?.keepsRecords === false;
    for (const { inputs } of this.#readers.get(frame.lane) ?? []) {
      if (free) inputs.offer(this.#asSeen(frame));
      else {
        const decoded = this.#decoder.decodeAgain(frame);
        if (decoded.isErr()) return unreadableFrame(decoded.error, frame.lsn, this.#manifest);
        const records = this.#types.upcast(decoded.value.records, frame.lsn);
        if ("kind" in records) return records;
        inputs.offer(this.#asSeen({ ...frame, records }));
      }
      free = false;
    }
    return undefined;
  }

  /** A frame as handlers of the recorded run saw it. */
  #asSeen(frame: DecodedFrame): DecodedFrame {
    if (this.#freezes) for (const record of frame.records) if (record.kind === "data") deepFreeze(record.payload);
    return frame;
  }

  /** What the candidate says for itself: which process computed it, and what its log amounts to. */
  #ownRecord(lane: LaneReplay, frame: DecodedFrame, record: LogRecord): LogRecord {
    if (record.kind === "epoch") {
      this.#epoch = record;
      if (record.forced) {
        this.#forcedAt = frame.lsn;
        this.#lastForced = frame.lsn;
        this.#unforced = undefined;
      }
      const { runtime, refold } = this.#options.host;
      const fingerprints = Object.fromEntries(this.#options.definition.stages.map((s) => [s.name, s.fingerprint]));
      return { ...record, runtime, refold, fingerprints };
    }
    if (record.kind !== "seal") return record;
    this.#seal = record;
    const data = this.#lanes.map(({ dataRecords }) => dataRecords);
    const seal: SealRecord = { ...record, ...sealedOutcome(this.#lanes), data };
    const recorded = { status: record.status, reason: record.reason, data: record.data };
    const recomputed = { status: seal.status, reason: seal.reason, data };
    const changes = differences(recorded, recomputed);
    if (changes.length > 0) {
      const place = formatPlace(lane.name, frame.firstSeq);
      const found = { kind: "changed", causes: [], recorded, recomputed, differences: changes } as const;
      this.#found(lane, { place, lsn: frame.lsn, ...found });
    }
    return { ...seal, digest: this.#candidate?.digest() ?? record.digest };
  }

  #found(lane: LaneReplay, found: FoundDivergence): void {
    const { stage: alone } = this.#options.part ?? {};
    if (alone !== undefined && alone !== lane.name) return;
    const divergence: Divergence = { stage: lane.name, ...found, ...this.#codeOf(lane.name) };
    lane.diverged++;
    lane.kinds[divergence.kind]++;
    lane.first ??= divergence;
    if (this.#first === undefined || divergence.lsn < this.#first.lsn) this.#first = divergence;
    if (divergence.lsn >= this.#forcedAt) this.#unforced ??= divergence;
  }

  #codeOf(stage: string): Pick<Divergence, "code" | "fingerprints"> {
    const now = this.#options.definition.stages.find(({ name }) => name === stage)?.fingerprint;
    const recorded = this.#epoch?.fingerprints[stage];
    const isComparable = this.#epoch?.runtime === this.#options.host.runtime;
    const code = !isComparable ? "not-comparable" : recorded === now ? "same" : "changed";
    return { code, fingerprints: { recorded, now } };
  }

  /** A process goes on with the run from here: whatever has not come to its natural end begins anew. */
  #takeOver(): void {
    this.#seal = undefined;
    for (const lane of this.#lanes) lane.takeOver();
  }

  /**
   * Gives the run to a process that goes on with it: what every lane has come to, and what was found on the way. What is open
   * is handed over first, since telling what was found settles it.
   */
  handOver(): { readonly recovered: readonly RecoveredLane[]; readonly report: ReplayReport } {
    this.#takeOver();
    const recovered = this.#lanes.map((lane) => lane.recovered);
    return { recovered, report: this.report() };
  }

  /** Settles what is still open, and tells what was found. */
  report(): ReplayReport {
    for (const lane of this.#lanes) lane.close();
    const uncertified = this.#uncertified();
    const { definition, part } = this.#options;
    const stages = definition.stages
      .filter(({ name }) => part?.stage === undefined || part.stage === name)
      .map(({ name }) => (this.#lanes.find((lane) => lane.name === name) as LaneReplay).verdict);
    const leftOut = this.#leftOut();
    const verdict = this.#first !== undefined ? "diverged" : uncertified.length > 0 ? "uncertified" : "matched";
    return {
      verdict,
      frames: this.#frames,
      records: this.#records,
      stages,
      first: this.#first,
      chain: this.#first?.causes ?? [],
      uncertified,
      leftOut,
    };
  }

  /** What was not asked for. */
  #leftOut(): readonly string[] {
    const { until, stage } = this.#options.part ?? {};
    const alone = `Only stage "${stage}" was computed and compared; the others stand as they are on record.`;
    return [...(until === undefined ? [] : [until.leftOut]), ...(stage === undefined ? [] : [alone])];
  }

  #uncertified(): readonly string[] {
    const found: string[] = [];
    if (this.#begin > 0)
      found.push(`What is computed begins with frame ${this.#begin}: what came before stands as a snapshot has it.`);
    if (this.#givenUp) {
      return [...found, `The replay was given up after ${this.#frames} frames: what comes behind was not compared.`];
    }
    if (this.#options.part?.until !== undefined) return found;
    const { tornTail } = this.#options.recorded;
    if (this.#seal === undefined)
      found.push("The run has no seal: it did not end, and what came after the last frame is not known.");
    if (tornTail !== undefined)
      found.push(`The last ${tornTail.bytes} bytes of ${tornTail.segment} are a frame cut short.`);
    return found;
  }
}

function readersOf(lanes: readonly LaneReplay[]): ReadonlyMap<LaneId, readonly LaneReplay[]> {
  const readers = new Map<LaneId, LaneReplay[]>();
  for (const reader of lanes) {
    for (const lane of reader.inputs.lanes) {
      const known = readers.get(lane);
      if (known === undefined) readers.set(lane, [reader]);
      else known.push(reader);
    }
  }
  return readers;
}
