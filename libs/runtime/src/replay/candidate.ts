import { err, ok, type Result } from "neverthrow";

import type {
  AppendFault,
  DecodedFrame,
  LaneId,
  LaneSeq,
  LogRecord,
  Position,
  RunLog,
  StorageFault,
} from "@refold/core";

/** The run that a replay computes, where it is written: with the lanes and types of the recorded one. */
export class Candidate {
  readonly #log: RunLog;
  /** How many records of each lane it holds. */
  readonly #written: number[] = [];
  /** The lanes in which it does not hold all that is on record at the same places. */
  readonly #unlike: Set<LaneId> = new Set();
  /** The position of what it was given last. */
  #last: Position | undefined;

  constructor(log: RunLog) {
    this.#log = log;
  }

  digest(): string {
    return this.#log.digest();
  }

  room(): Promise<void> | undefined {
    return this.#log.room();
  }

  /** From here on the lane differs from the recorded one. */
  differs(lane: LaneId): void {
    this.#unlike.add(lane);
  }

  /** Takes what was computed in place of a frame. */
  append({ lane, timeMs }: DecodedFrame, computed: readonly LogRecord[]): AppendFault | undefined {
    if (computed.length === 0) return undefined;
    const firstSeq = (this.#written[lane] ?? 0) as LaneSeq;
    const records = computed.map((record) => this.#held(record));
    const appended = this.#log.append({ lane, timeMs, firstSeq, records });
    if (appended.isErr()) return appended.error;
    this.#written[lane] = firstSeq + records.length;
    this.#last = appended.value;
    return undefined;
  }

  /** What a log has accepted is not written yet, and a candidate that nobody can read certifies nothing. */
  async whenSafe(): Promise<Result<void, StorageFault>> {
    const safe = this.#last === undefined ? undefined : await this.#log.whenSafe(this.#last);
    return safe?.isErr() === true ? err(safe.error) : ok(undefined);
  }

  /** A payload is passed on by reference only where the candidate holds, at the place named, what the record does. */
  #held(record: LogRecord): LogRecord {
    if (record.kind !== "data" || record.payloadOf === undefined || !this.#unlike.has(record.payloadOf.lane)) {
      return record;
    }
    const { payloadOf: _, ...whole } = record;
    return whole;
  }
}
