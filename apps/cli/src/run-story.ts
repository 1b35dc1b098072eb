import type {
  ContractRecord,
  EpochRecord,
  LaneId,
  LivenessRecord,
  LogRecord,
  RecordKind,
  RunManifest,
  SealRecord,
  TransitionRecord,
} from "@refold/core";
import { SYSTEM_LANE } from "@refold/core";

import type { ReadFrame } from "./read-records.ts";
import { laneName } from "./record-form.ts";

/** A state that a machine came to. */
export interface Passage {
  readonly state: string;
  readonly event: string;
  readonly timeMs: number;
}

/** What a machine went through. */
export interface MachineStory {
  readonly name: string;
  readonly initial: string;
  readonly passages: readonly Passage[];
}

/** The run was told to pause, to go on, or to end early. */
export interface ControlEvent {
  readonly event: string;
  readonly reason: string | undefined;
  /** Until when what is on its way may arrive. */
  readonly deadlineMs: number | undefined;
  readonly timeMs: number;
}

/** The last verdict on a contract of an edge. The contract of a source with its declared count is from the source to itself. */
export interface ContractVerdict extends Pick<ContractRecord, "contract" | "verdict" | "advertised" | "read"> {
  readonly from: string;
  readonly to: string;
}

/** A process took over the run. */
export interface EpochStory {
  readonly timeMs: number;
  readonly runtime: string;
  readonly refold: string;
  /** Of the flow's source file, where that is on record. */
  readonly sourceSha256: string | undefined;
  /** The stages whose code is another than in the epoch before. */
  readonly code:
    | { readonly kind: "first" | "same" | "not-comparable" }
    | { readonly kind: "changed"; readonly stages: readonly string[] };
  readonly forced: boolean;
  readonly retryFailed: boolean;
  /** Calls of effects that were begun again: those in doubt, and those that had failed. */
  callsMadeAgain: number;
  /** How it ended, unless it was cut short: `forked` where the run went on as a fork of the one that this epoch is of. */
  ended: SealRecord["status"] | "forked" | undefined;
}

/** The liveness of an edge changed. */
export interface LivenessChange extends Pick<LivenessRecord, "status"> {
  readonly from: string;
  readonly to: string;
  readonly timeMs: number;
}

/** The machine of the pipeline supervisor. Its lane has others, and a stage may bear the same name. */
const PIPELINE = "pipeline";

const CONTROL: ReadonlySet<string> = new Set(["pause", "resume", "stop-gracefully", "stop-timed-out", "cancel"]);

/** How many changes of liveness, and how many control events, are kept: the last ones. */
const KEPT = 1000;

/** Why a run failed, as it stands on record. */
export interface RecordedFailure {
  readonly stage: string;
  readonly message: string;
  readonly code: string | undefined;
  /** The input in hand, as `stage:seq`. */
  readonly input: string | undefined;
  readonly stack: string | undefined;
}

/** What a run's log tells of it: a fold over all of its frames, and of nothing else. */
export class RunStory {
  frames = 0;
  records = 0;
  firstTimeMs: number | undefined;
  lastTimeMs: number | undefined;
  seal: SealRecord | undefined;
  /** Of the last epoch, as the seal is. */
  failure: RecordedFailure | undefined;
  readonly epochs: EpochStory[] = [];
  readonly control: ControlEvent[] = [];
  /** How often the liveness of an edge changed, and the last changes. */
  livenessChanges = 0;
  readonly liveness: LivenessChange[] = [];
  /** Per lane, in the order of the manifest: records by kind. */
  readonly lanes: readonly { readonly name: string; readonly kinds: Map<RecordKind, number> }[];

  readonly #machines = new Map<string, MachineStory & { readonly passages: Passage[] }>();
  readonly #contracts = new Map<string, ContractVerdict>();
  readonly #nameOf: (lane: LaneId) => string;
  readonly #source: RunManifest["source"];
  readonly #forkOf: RunManifest["forkOf"];
  #epoch: EpochRecord | undefined;

  constructor(manifest: RunManifest) {
    this.#source = manifest.source;
    this.#forkOf = manifest.forkOf;
    this.#nameOf = (lane) => laneName(manifest, lane);
    this.lanes = manifest.lanes.map((_, lane) => ({ name: this.#nameOf(lane as LaneId), kinds: new Map() }));
  }

  /** In the order in which they first moved. */
  get machines(): readonly MachineStory[] {
    return [...this.#machines.values()];
  }

  /** In the order in which they were first judged. */
  get contracts(): readonly ContractVerdict[] {
    return [...this.#contracts.values()];
  }

  take({ frame, records }: ReadFrame): void {
    this.frames++;
    this.records += records.length;
    this.firstTimeMs ??= frame.timeMs;
    this.lastTimeMs = frame.timeMs;
    const kinds = this.lanes[frame.lane]?.kinds;
    for (const record of records) {
      kinds?.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
      if (record.kind === "epoch") this.#begin(record, frame);
      else if (record.kind !== "data") this.#takeRecord(record, frame.lane, frame.timeMs);
    }
  }

  #takeRecord(record: Exclude<LogRecord, { kind: "data" | "epoch" }>, lane: LaneId, timeMs: number): void {
    if (record.kind === "transition") this.#move(record, lane, timeMs);
    else if (record.kind === "contract") this.#judge(record, lane);
    else if (record.kind === "liveness") this.#change(record, timeMs);
    else if (record.kind === "seal") this.#end(record);
    else if (record.kind === "effect-started" && (record.attempt ?? 1) > 1) {
      const epoch = this.epochs.at(-1);
      if (epoch !== undefined) epoch.callsMadeAgain++;
    }
  }

  /** How the run stood before is nothing that holds of it now. */
  #begin(epoch: EpochRecord, { timeMs, lsn }: ReadFrame["frame"]): void {
    const before = this.epochs.at(-1);
    if (before !== undefined && lsn === this.#forkOf?.at) before.ended = "forked";
    const { runtime, refold, forced, retryFailed = false, source } = epoch;
    const code = codeSince(this.#epoch, epoch);
    // The first frames of a fork are those of its parent, whose file the manifest does not name.
    const own = this.epochs.length === 0 && this.#forkOf === undefined ? this.#source : undefined;
    const sourceSha256 = (source ?? own)?.sha256;
    this.epochs.push({
      timeMs,
      runtime,
      refold,
      sourceSha256,
      code,
      forced,
      retryFailed,
      callsMadeAgain: 0,
      ended: undefined,
    });
    this.#epoch = epoch;
    this.seal = undefined;
    this.failure = undefined;
  }

  #end(seal: SealRecord): void {
    this.seal = seal;
    const epoch = this.epochs.at(-1);
    if (epoch !== undefined) epoch.ended = seal.status;
  }

  #move({ machine, event, from, to }: TransitionRecord, lane: LaneId, timeMs: number): void {
    const key = `${lane} ${machine}`;
    const known = this.#machines.get(key) ?? { name: machine, initial: from, passages: [] };
    this.#machines.set(key, known);
    if (from !== to) known.passages.push({ state: to, event: event.kind, timeMs });
    const isPipeline = lane === SYSTEM_LANE && machine === PIPELINE;
    if (isPipeline && CONTROL.has(event.kind)) keep(this.control, readControl(event, timeMs));
    // What else is in the system's lane may fail without the run.
    if (to === "failed" && (isPipeline || lane !== SYSTEM_LANE)) this.failure ??= readFailure(event, machine);
  }

  #judge({ contract, upstream, verdict, advertised, read }: ContractRecord, lane: LaneId): void {
    const ends = { from: this.#nameOf(upstream), to: this.#nameOf(lane) };
    this.#contracts.set(`${upstream} ${lane} ${contract}`, { ...ends, contract, verdict, advertised, read });
  }

  #change({ upstream, reader, status }: LivenessRecord, timeMs: number): void {
    this.livenessChanges++;
    keep(this.liveness, { from: this.#nameOf(upstream), to: this.#nameOf(reader), status, timeMs });
  }
}

/** Fingerprints compare only between processes of one runtime. */
function codeSince(before: EpochRecord | undefined, now: EpochRecord): EpochStory["code"] {
  if (before === undefined) return { kind: "first" };
  if (before.runtime !== now.runtime) return { kind: "not-comparable" };
  const stages = Object.keys(now.fingerprints).filter((name) => now.fingerprints[name] !== before.fingerprints[name]);
  return stages.length === 0 ? { kind: "same" } : { kind: "changed", stages };
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > KEPT) list.shift();
}

/** As with failures, nothing is taken for granted but the event's kind. */
function readControl(event: { readonly kind: string }, timeMs: number): ControlEvent {
  const { reason, deadlineMs } = event as { readonly reason?: unknown; readonly deadlineMs?: unknown };
  return {
    event: event.kind,
    reason: typeof reason === "string" ? reason : undefined,
    deadlineMs: typeof deadlineMs === "number" ? deadlineMs : undefined,
    timeMs,
  };
}

/** The event came from a log, so nothing is taken for granted but its kind. */
function readFailure(event: object, machine: string): RecordedFailure {
  const fault: unknown = (event as { readonly fault?: unknown }).fault;
  const text = (name: string): string | undefined => {
    const value = typeof fault === "object" && fault !== null ? (fault as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  return {
    stage: text("stage") ?? machine,
    message: text("message") ?? "no reason is on record",
    code: text("code"),
    input: text("input"),
    stack: text("stack"),
  };
}
