import type { CreditGate } from "./credit-gate.ts";

/** How much may be on its way along one edge. */
export interface FlowControlSettings {
  /** `enforce`: the writer waits for credit. Otherwise credit is at most counted, and only the hard limit holds. */
  readonly mode: "off" | "track" | "enforce";
  readonly windowRecords: number;
  readonly windowBytes: number;
  /** A writer that waits for so long for an edge without progress fails. */
  readonly stallTimeoutMs: number | "never";
}

/** What an edge holds at the most where flow control is not enforced: no queue is without a limit. */
const HARD_RECORDS = 1_000_000;
const HARD_BYTES = 1024 * 1024 * 1024;

/** How many records may be offered before it is known what one weighs. */
const UNWEIGHED_RECORDS = 64;

/** The credit of one edge, in records and in bytes. */
export class CreditWindow {
  readonly settings: FlowControlSettings;
  readonly #limitRecords: number;
  readonly #limitBytes: number;
  readonly #gate: CreditGate | undefined;
  #records = 0;
  #bytes = 0;
  /** What a record of the last frame weighed. */
  #recordBytes: number | undefined;

  constructor(settings: FlowControlSettings, gate?: CreditGate) {
    const enforced = settings.mode === "enforce";
    this.settings = settings;
    this.#gate = gate;
    this.#limitRecords = enforced ? settings.windowRecords : HARD_RECORDS;
    this.#limitBytes = enforced ? settings.windowBytes : HARD_BYTES;
  }

  /** How many data records wait to be read, or were read and have no outcome on record yet. */
  get held(): number {
    return this.#records;
  }

  get creditRecords(): number {
    return Math.max(0, this.settings.windowRecords - this.#records);
  }

  get creditBytes(): number {
    return Math.max(0, this.settings.windowBytes - Math.round(this.#bytes));
  }

  /**
   * How many data records the writer may still offer, if they weigh what those of the last frame did. While a byte is left
   * there is room for one, however heavy.
   */
  get room(): number {
    const bytes = this.#limitBytes - this.#bytes;
    if (bytes <= 0) return 0;
    const byBytes =
      this.#recordBytes === undefined ? UNWEIGHED_RECORDS : Math.max(1, Math.floor(bytes / this.#recordBytes));
    const room = Math.min(this.#limitRecords - this.#records, byBytes);
    return this.#gate === undefined ? room : Math.min(room, this.#gate.credit);
  }

  /** What a record of the last frame weighed; 0 while there was none. */
  get recordBytes(): number {
    return this.#recordBytes ?? 0;
  }

  spend(records: number, bytes: number): void {
    if (records === 0) return;
    this.#records += records;
    this.#bytes += bytes;
    this.#recordBytes = bytes / records;
    this.#gate?.passed(records);
  }

  /** Bytes come back in proportion: records of one edge are much alike, and at the end nothing is held. */
  refund(records: number): void {
    this.#bytes -= this.#records === 0 ? this.#bytes : (this.#bytes * records) / this.#records;
    this.#records -= records;
  }
}
