import type { ContractRecord, EndKind, LaneId, LogRecord } from "@refold/core";

import { contract } from "../stage/contract-record.ts";
import type { DecodedFrame } from "./decoded-frame.ts";
import type { RecordedInputs } from "./recorded-inputs.ts";

/** What is on record of a lane beside what its inputs say. `undefined` on one side: it is not there. */
export interface Disagreement {
  /** The index of the record within its frame. */
  readonly index: number;
  readonly recorded: unknown;
  readonly recomputed: unknown;
}

/** Holds what a lane says of its inputs when they have ended against what it took of them. */
export class InputEvidence {
  readonly #inputs: RecordedInputs;
  readonly #isSink: boolean;
  readonly #isJudged: (contract: "transport" | "delivery", upstream: LaneId) => boolean;
  readonly #nameOf: (lane: LaneId) => string;
  /** Inputs that have a terminal receipt, by upstream lane. */
  readonly #receipts: Map<LaneId, number> = new Map();
  #told = false;

  constructor(options: {
    readonly inputs: RecordedInputs;
    readonly isSink: boolean;
    /** Whether a contract of an edge is known to have been in effect. */
    readonly isJudged: (contract: "transport" | "delivery", upstream: LaneId) => boolean;
    readonly nameOf: (lane: LaneId) => string;
  }) {
    this.#inputs = options.inputs;
    this.#isSink = options.isSink;
    this.#isJudged = options.isJudged;
    this.#nameOf = options.nameOf;
  }

  /** Counts receipts for the inputs of a step, given by their upstream lanes in the order taken. */
  receive({ records }: DecodedFrame, taken: readonly LaneId[]): void {
    for (const record of records) {
      if (record.kind !== "receipt" || record.outcome === "buffered") continue;
      for (const lane of taken.slice(record.first, record.first + record.count)) {
        this.#receipts.set(lane, (this.#receipts.get(lane) ?? 0) + 1);
      }
    }
  }

  /** Where a frame does not agree with what the lane has taken up to its end. */
  check({ records }: DecodedFrame): readonly Disagreement[] {
    const found: Disagreement[] = [];
    for (const [index, record] of records.entries()) {
      const end = endOf(record);
      if (end !== undefined) found.push(...this.#checkEnd(end, index));
      if (record.kind === "contract") found.push(...this.#checkContract(record, index));
      if (record.kind === "transition" && end !== undefined) found.push(...this.#missing(records, index));
    }
    return found;
  }

  /** Told of once: the end that a lane writes is that of its inputs. */
  #checkEnd(recorded: EndKind, index: number): readonly Disagreement[] {
    const { unread, end } = this.#inputs;
    if (this.#told || (unread === undefined && end === recorded)) return [];
    this.#told = true;
    const recomputed =
      unread === undefined ? `they came to a ${end} end` : `not all of ${this.#nameOf(unread)} was taken by then`;
    return [{ index, recorded: `the inputs came to a ${recorded} end`, recomputed }];
  }

  #checkContract(recorded: ContractRecord, index: number): readonly Disagreement[] {
    const recomputed = this.#contract(recorded.contract, recorded.upstream);
    if (recomputed === undefined || sameContract(recorded, recomputed)) return [];
    return [{ index, recorded, recomputed }];
  }

  #missing(records: readonly LogRecord[], index: number): readonly Disagreement[] {
    const found: Disagreement[] = [];
    for (const name of ["transport", "delivery"] as const) {
      for (const upstream of this.#inputs.lanes) {
        const recomputed = this.#isJudged(name, upstream) ? this.#contract(name, upstream) : undefined;
        const isThere = records.some((r) => r.kind === "contract" && r.contract === name && r.upstream === upstream);
        if (recomputed !== undefined && !isThere) found.push({ index, recorded: undefined, recomputed });
      }
    }
    return found;
  }

  #contract(name: ContractRecord["contract"], upstream: LaneId): ContractRecord | undefined {
    const { read, taken, advertised } = this.#inputs.takenOf(upstream);
    if (name === "delivery" && this.#isSink) return contract(name, upstream, taken, this.#receipts.get(upstream) ?? 0);
    if (name !== "transport" || advertised === undefined) return undefined;
    return contract(name, upstream, advertised, read);
  }
}

/** How a record says that the inputs ended. What is poisoned may have failed by itself. */
function endOf(record: LogRecord): EndKind | undefined {
  if (record.kind === "end") return record.end === "poison" ? undefined : record.end;
  if (record.kind !== "transition" || record.event.kind !== "inputs-ended") return undefined;
  return (record.event as { readonly end?: EndKind }).end;
}

function sameContract(a: ContractRecord, b: ContractRecord): boolean {
  return a.verdict === b.verdict && a.advertised === b.advertised && a.read === b.read;
}
