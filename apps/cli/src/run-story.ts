import type { EpochRecord, LogRecord, RecordKind, RunManifest, SealRecord, TransitionRecord } from "@refold/core";

import type { ReadFrame } from "./read-records.ts";
import { laneName } from "./record-form.ts";

/** A state that a machine came to. */
export interface Passage {
  readonly state: string;
  readonly event: string;
  readonly timeMs: number;
}

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
  failure: RecordedFailure | undefined;
  readonly epochs: { readonly timeMs: number; readonly epoch: EpochRecord }[] = [];
  /** Per machine, in the order in which they first moved. */
  readonly machines: Map<string, { readonly initial: string; readonly passages: Passage[] }> = new Map();
  /** Per lane, in the order of the manifest: records by kind. */
  readonly lanes: readonly { readonly name: string; readonly kinds: Map<RecordKind, number> }[];

  constructor(manifest: RunManifest) {
    this.lanes = manifest.lanes.map((_, lane) => ({ name: laneName(manifest, lane as never), kinds: new Map() }));
  }

  take({ frame, records }: ReadFrame): void {
    this.frames++;
    this.records += records.length;
    this.firstTimeMs ??= frame.timeMs;
    this.lastTimeMs = frame.timeMs;
    const kinds = this.lanes[frame.lane]?.kinds;
    for (const record of records) {
      kinds?.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
      if (record.kind !== "data") this.#takeRecord(record, frame.timeMs);
    }
  }

  #takeRecord(record: Exclude<LogRecord, { kind: "data" }>, timeMs: number): void {
    if (record.kind === "transition") this.#move(record, timeMs);
    else if (record.kind === "epoch") this.epochs.push({ timeMs, epoch: record });
    else if (record.kind === "seal") this.seal = record;
  }

  #move({ machine, event, from, to }: TransitionRecord, timeMs: number): void {
    const known = this.machines.get(machine) ?? { initial: from, passages: [] };
    this.machines.set(machine, known);
    if (from !== to) known.passages.push({ state: to, event: event.kind, timeMs });
    if (to === "failed") this.failure ??= readFailure(event, machine);
  }
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
