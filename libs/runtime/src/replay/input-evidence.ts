import type { ContractRecord, DecodedFrame, EndKind, LaneId, LogRecord } from "@refold/core";

import { contract } from "../stage/contract-record.ts";
import { ReceiptEvidence, type StepInputs } from "./receipt-evidence.ts";
import type { RecoveredDelivery } from "../stage/sink-stage.ts";
import type { DeliveryState } from "../snapshot/run-state.ts";
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
  readonly #receipts: ReceiptEvidence = new ReceiptEvidence();
  /** What the receipts of the frame in hand do not agree with. */
  #receiptsFound: Disagreement[] = [];
  /** Upstream lanes whose delivery contract is on record. */
  readonly #delivered: Set<LaneId> = new Set();
  /** The contracts of an input's end that are on record: each is told of once. */
  readonly #judged: Set<string> = new Set();
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

  /** Another process goes on with the lane, and will come to an end of its own. */
  takeOver(): void {
    this.#told = false;
    this.#delivered.clear();
    this.#judged.clear();
    // Of the others every input that was taken is on record with what came of it.
    if (this.#isSink) this.#inputs.putBack(this.#receipts.takeOver());
  }

  /** Goes on from what a snapshot says of a sink. */
  restore(delivery: DeliveryState): void {
    this.#receipts.restore(delivery);
  }

  /** Looks in a frame from before the snapshot for inputs that were buffered then. */
  recall(frame: DecodedFrame): void {
    this.#receipts.recall(frame, (record) => this.#inputs.isData(frame.lane, record));
  }

  /** What became of the inputs of a sink. */
  get delivery(): RecoveredDelivery {
    return this.#receipts;
  }

  /** Follows the receipts of a frame; `step` has the inputs of the step that it begins, if it begins one. */
  receive({ records }: DecodedFrame, step: StepInputs | undefined): void {
    if (step !== undefined) this.#receipts.begin(step);
    for (const [index, record] of records.entries()) {
      if (record.kind !== "receipt") continue;
      const recomputed = this.#receipts.receive(record);
      if (recomputed !== undefined) this.#receiptsFound.push({ index, recorded: record, recomputed });
    }
  }

  /** Where a frame does not agree with what the lane has taken up to its end. */
  check({ records }: DecodedFrame): readonly Disagreement[] {
    const found = this.#receiptsFound;
    this.#receiptsFound = [];
    for (const [index, record] of records.entries()) {
      const end = endOf(record);
      if (end !== undefined) found.push(...this.#checkEnd(end, index));
      if (record.kind === "contract") {
        found.push(...this.#checkContract(record, index));
        if (record.contract === "delivery") this.#delivered.add(record.upstream);
      }
      if (record.kind !== "transition") continue;
      if (end !== undefined) found.push(...this.#missing("transport", index, lanesOf(records, "transport")));
      if (this.#isSink && record.event.kind === "drained") found.push(...this.#checkDrained(records, index));
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
    const name = `${recorded.contract} of ${recorded.upstream}`;
    const recomputed = this.#contract(recorded.contract, recorded.upstream);
    if (recomputed !== undefined) {
      if (this.#judged.has(name)) return [{ index, recorded, recomputed: "it is on record already" }];
      this.#judged.add(name);
    }
    if (recomputed === undefined || sameContract(recorded, recomputed)) return [];
    return [{ index, recorded, recomputed }];
  }

  /** Whether everything that a sink was given has come to its end. */
  #checkDrained(records: readonly LogRecord[], index: number): readonly Disagreement[] {
    for (const lane of lanesOf(records, "delivery")) this.#delivered.add(lane);
    const missing = this.#missing("delivery", index, this.#delivered);
    const { left } = this.#receipts;
    if (left === 0) return missing;
    const recomputed = `${left} inputs are buffered, and were never committed`;
    return [...missing, { index, recorded: "everything was delivered", recomputed }];
  }

  #missing(name: "transport" | "delivery", index: number, there: ReadonlySet<LaneId>): readonly Disagreement[] {
    const found: Disagreement[] = [];
    for (const upstream of this.#inputs.lanes) {
      if (there.has(upstream)) continue;
      const recomputed = this.#isJudged(name, upstream) ? this.#contract(name, upstream) : undefined;
      if (recomputed !== undefined) found.push({ index, recorded: undefined, recomputed });
    }
    return found;
  }

  #contract(name: ContractRecord["contract"], upstream: LaneId): ContractRecord | undefined {
    if (name === "delivery" && this.#isSink) {
      return contract(name, upstream, this.#receipts.givenOf(upstream), this.#receipts.endedOf(upstream));
    }
    const { read, advertised } = this.#inputs.takenOf(upstream);
    if (name !== "transport" || advertised === undefined) return undefined;
    return contract(name, upstream, advertised, read);
  }
}

/** The upstream lanes of which a frame has the contract. */
function lanesOf(records: readonly LogRecord[], name: ContractRecord["contract"]): ReadonlySet<LaneId> {
  const lanes = new Set<LaneId>();
  for (const record of records) if (record.kind === "contract" && record.contract === name) lanes.add(record.upstream);
  return lanes;
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
