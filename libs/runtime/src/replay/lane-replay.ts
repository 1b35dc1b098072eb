import { formatPlace, type LaneSeq, type LogRecord } from "@refold/core";

import type { StageDefinition } from "../definition/flow-definition.ts";
import type { DecodedFrame } from "./decoded-frame.ts";
import { lifecycleOf, type LifecycleCheck } from "./lifecycle-check.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";
import type { Divergence, StageVerdict } from "./replay-report.ts";
import type { FoundDivergence, StageReplay } from "./stage-replay.ts";

/** One lane of a run under replay: its lifecycle, its inputs, and its program where it has one. */
export class LaneReplay {
  readonly name: string;
  readonly inputs: RecordedInputs;
  /** How many records of this lane the candidate holds, and how many data records it computed. */
  written = 0;
  dataRecords = 0;
  diverged = 0;
  first: Divergence | undefined;
  readonly #kind: string;
  readonly #program: StageReplay | undefined;
  readonly #lifecycle: LifecycleCheck;
  readonly #found: (divergence: FoundDivergence) => void;
  #taken = 0;

  constructor(options: {
    readonly name: string;
    /** `undefined` for the system's lane. */
    readonly stage: StageDefinition | undefined;
    readonly inputs: RecordedInputs;
    readonly program: StageReplay | undefined;
    readonly found: (divergence: FoundDivergence) => void;
  }) {
    this.name = options.name;
    this.inputs = options.inputs;
    this.#kind = options.stage?.kind ?? "system";
    this.#program = options.program;
    this.#found = options.found;
    this.#lifecycle = lifecycleOf(options.stage);
  }

  get verdict(): StageVerdict {
    return {
      stage: this.name,
      kind: this.#kind,
      taken: this.#taken,
      matched: this.#program?.matched ?? 0,
      diverged: this.diverged,
      first: this.first,
    };
  }

  /** Whether recorded records of the last frame taken are still to be compared. */
  get keepsRecords(): boolean {
    return this.#program?.keepsRecords === true;
  }

  /** The records of the frame as they are computed now, or why the recorded ones make no sense. */
  take(frame: DecodedFrame): readonly LogRecord[] | string {
    for (const [index, record] of frame.records.entries()) {
      if (record.kind === "transition") this.#checkMove(record, frame, index);
    }
    const computed = this.#program === undefined ? this.#takeAsRecorded(frame) : this.#program.take(frame);
    if (typeof computed !== "string") for (const { kind } of computed) if (kind === "data") this.dataRecords++;
    return computed;
  }

  /** Nothing more is on record. A stage that did not come to its end may have had more to give. */
  close(): void {
    this.#program?.close(true);
  }

  /** What came from outside, or went there, stands as it is on record. */
  #takeAsRecorded(frame: DecodedFrame): readonly LogRecord[] | string {
    for (const record of frame.records) {
      if (record.kind === "data") this.#taken++;
      else if (record.kind === "receipt") this.#taken += record.count;
      else if (record.kind === "consumed") {
        for (const span of record.spans) {
          if (!this.inputs.take(span, () => undefined)) return "a delivery names inputs that are not next on record";
        }
      }
    }
    return frame.records;
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
