import type { DecodedFrame, EndKind, LaneSeq } from "@refold/core";

import type { LaneEnd } from "../snapshot/run-state.ts";
import type { Disagreement } from "./input-evidence.ts";

/**
 * Holds the end of a lane against its lifecycle: there is one where it came to its end, the last of its data,
 * poisoned if it failed or its inputs were.
 */
export class EndEvidence {
  readonly #machine: string;
  #ended: LaneEnd | undefined;

  constructor(machine: string) {
    this.#machine = machine;
  }

  /** The end of the lane, if it is on record. */
  get ended(): LaneEnd | undefined {
    return this.#ended;
  }

  /** Goes on from a snapshot. */
  restore(ended: LaneEnd | undefined): void {
    this.#ended = ended;
  }

  /** Another process goes on with the lane, and will come to an end of its own. */
  takeOver(): void {
    this.#ended = undefined;
  }

  /** Where a frame does not agree with the state that the lane has after it, and with how its inputs ended. */
  check({ records, firstSeq }: DecodedFrame, state: string | undefined, inputs: EndKind): readonly Disagreement[] {
    let found: Disagreement[] | undefined;
    const disagree = (index: number, recorded: unknown, recomputed: string): void => {
      (found ??= []).push({ index, recorded, recomputed });
    };
    for (const [index, record] of records.entries()) {
      if (record.kind === "end") {
        if (this.#ended !== undefined) disagree(index, record, "the lane has ended already");
        else if ((record.end === "poison") !== (state === "failed" || inputs === "poison")) {
          disagree(index, record, `the stage is ${state}, and its inputs came to a ${inputs} end`);
        }
        this.#ended = { record, seq: (firstSeq + index) as LaneSeq };
      } else if (record.kind === "data" && this.#ended !== undefined) {
        disagree(index, record, "the lane has ended already");
      }
    }
    const drained = records.findIndex(
      (record) => record.kind === "transition" && record.machine === this.#machine && record.to === "drained",
    );
    if (drained >= 0 && this.#ended === undefined) disagree(drained, undefined, "an end of the lane");
    return found ?? NONE;
  }
}

const NONE: readonly Disagreement[] = [];
