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

/** The credit of one edge, in records and in bytes. */
export class CreditWindow {
  readonly settings: FlowControlSettings;
  readonly #limitRecords: number;
  readonly #limitBytes: number;
  #records = 0;
  #bytes = 0;

  constructor(settings: FlowControlSettings) {
    const enforced = settings.mode === "enforce";
    this.settings = settings;
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

  /** How many data records the writer may still offer. One frame may weigh more than the bytes that are left. */
  get room(): number {
    return this.#bytes >= this.#limitBytes ? 0 : this.#limitRecords - this.#records;
  }

  spend(records: number, bytes: number): void {
    this.#records += records;
    if (records > 0) this.#bytes += bytes;
  }

  /** Bytes come back in proportion: records of one edge are much alike, and at the end nothing is held. */
  refund(records: number): void {
    this.#bytes -= this.#records === 0 ? this.#bytes : (this.#bytes * records) / this.#records;
    this.#records -= records;
  }
}
