import type { DecodedFrame, EndRecord, InBandRecord, LaneId, LaneSeq, Span } from "@refold/core";

import type { InputDefinition } from "../definition/flow-definition.ts";
import { recordView, type RecordView } from "../edge/record-view.ts";
import { RecordedInputs } from "./recorded-inputs.ts";
import type { Substitutes } from "./substitutes.ts";

/** An input as a stage would have been given it. */
export interface CascadedInput {
  /** `undefined` where it would not have been there. */
  readonly record: InBandRecord | EndRecord | undefined;
  readonly lane: LaneId;
  /** Of one that is not on record: the place before which it is taken. */
  readonly seq: LaneSeq;
  readonly timeMs: number;
  /** Whether it is no input on record, or is one, which has a number among those of its step. */
  readonly isExtra: boolean;
  readonly wasInput: boolean;
}

/**
 * The inputs of a stage, in the order on record, with what was computed of them in place of what is on record. What is not on
 * record is taken before the next record of its lane that the stage takes.
 */
export class CascadedInputs {
  readonly #recorded: RecordedInputs;
  readonly #views: ReadonlyMap<LaneId, RecordView>;
  readonly #substitutes: ReadonlyMap<LaneId, Substitutes>;
  readonly #nextExtra: Map<LaneId, number> = new Map();

  constructor(reads: readonly InputDefinition[], substitutes: ReadonlyMap<LaneId, Substitutes>) {
    this.#recorded = new RecordedInputs(reads);
    this.#views = new Map(reads.map(({ from, takes }) => [from, recordView(takes)]));
    this.#substitutes = substitutes;
  }

  get lanes(): readonly LaneId[] {
    return this.#recorded.lanes;
  }

  offer(frame: DecodedFrame): void {
    this.#recorded.offer(frame);
  }

  takeOver(): void {
    this.#recorded.takeOver();
  }

  /** What would have been taken in place of a span; `undefined` for one that does not fit the record. */
  take(span: Span): readonly CascadedInput[] | undefined {
    const { lane } = span;
    const substitutes = this.#substitutes.get(lane);
    const view = this.#views.get(lane);
    const inputs: CascadedInput[] = [];
    const found = this.#recorded.take(span, (recorded, seq, { timeMs }) => {
      const place = { lane, seq, timeMs };
      const wasInput = recorded.kind === "data";
      if (substitutes === undefined || view === undefined) {
        inputs.push({ ...place, record: recorded, isExtra: false, wasInput });
        return;
      }
      const { outputs, next } = substitutes.before(seq, this.#nextExtra.get(lane) ?? 0);
      this.#nextExtra.set(lane, next);
      for (const output of outputs) {
        const record = view(output);
        if (record !== undefined) inputs.push({ ...place, record, isExtra: true, wasInput: false });
      }
      const now = recorded.kind === "end" ? "as-recorded" : substitutes.at(seq);
      const record = now === "as-recorded" ? recorded : now === "missing" ? undefined : view(now);
      inputs.push({ ...place, record, isExtra: false, wasInput });
    });
    return found ? inputs : undefined;
  }
}
