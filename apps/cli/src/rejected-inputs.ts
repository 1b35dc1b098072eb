import { formatPlace, type ErrorKind, type LaneSeq, type RunManifest, type SealRecord } from "@refold/core";

import { InputPlaces } from "./input-places.ts";
import type { ReadFrame } from "./read-records.ts";
import { causeTexts, laneName } from "./record-form.ts";

/** An input that a stage rejected. */
export interface RejectedInputLine {
  /** Of the error, as `stage:seq`. */
  readonly place: string;
  readonly timeMs: number;
  readonly stage: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly input: { readonly place: string; readonly payload: unknown };
}

/** How often a stage rejected an input with an error of one kind. */
export interface RejectionCount {
  readonly stage: string;
  readonly kind: ErrorKind;
  readonly count: number;
}

/** The inputs that the stages of a run rejected, each counted once, where that came about; gathered frame by frame. */
export class RejectedInputs {
  total = 0;
  seal: SealRecord | undefined;
  readonly #manifest: RunManifest;
  readonly #limit: number;
  readonly #inputs: InputPlaces;
  readonly #counts = new Map<string, { stage: string; kind: ErrorKind; count: number }>();
  /** The newest, in a ring: the one that is next to be replaced is the oldest. */
  readonly #ring: RejectedInputLine[] = [];

  /** Keeps the newest `limit` of them. */
  constructor(manifest: RunManifest, limit: number) {
    this.#manifest = manifest;
    this.#limit = limit;
    this.#inputs = new InputPlaces(manifest);
  }

  take(read: ReadFrame): void {
    this.#inputs.note(read);
    const { frame, records } = read;
    records.forEach((record, index) => {
      if (record.kind === "seal") this.seal = record;
      // One that is handed on has spans for its cause, and was counted where it came about.
      if (record.kind !== "error" || typeof record.cause !== "number") return;
      const { error: kind, message, input: payload } = record;
      const stage = laneName(this.#manifest, frame.lane);
      const [from = ""] = causeTexts(record.cause, frame.lane, this.#manifest, this.#inputs);
      const place = formatPlace(stage, (frame.firstSeq + index) as LaneSeq);
      this.#count(stage, kind);
      if (this.#limit === 0) return;
      const line = { place, timeMs: frame.timeMs, stage, kind, message, input: { place: from, payload } };
      this.#ring[(this.total - 1) % this.#limit] = line;
    });
  }

  /** By stage and kind, the most frequent first; of equal ones that which came first. */
  get groups(): readonly RejectionCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  /** The newest first. */
  get newest(): readonly RejectedInputLine[] {
    const next = this.total <= this.#limit ? 0 : this.total % this.#limit;
    return [...this.#ring.slice(next), ...this.#ring.slice(0, next)].reverse();
  }

  #count(stage: string, kind: ErrorKind): void {
    this.total++;
    // No kind has a blank.
    const key = `${kind} ${stage}`;
    const group = this.#counts.get(key);
    if (group === undefined) this.#counts.set(key, { stage, kind, count: 1 });
    else group.count++;
  }
}
