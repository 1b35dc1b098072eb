import type { MetricsSnapshot } from "@refold/core";

/** States in which a run stays for ever. */
const ENDED: ReadonlySet<string> = new Set(["drained", "failed", "cancelled"]);

/** The last snapshot of each run, of so many runs at most. */
export class LatestSnapshots {
  readonly #limit: number;
  /** In the order in which they came. */
  readonly #byRun = new Map<string, MetricsSnapshot>();
  #dropped = 0;

  /** Throws a RangeError if `limit` is not a positive integer. */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`runs: ${limit} is not a positive integer`);
    this.#limit = limit;
  }

  /**
   * Keeps this in place of the run's last one. To stay within the limit, it forgets the run that ended first, or else the
   * one heard of least recently.
   */
  put(snapshot: MetricsSnapshot): void {
    this.#byRun.delete(snapshot.runId);
    if (this.#byRun.size === this.#limit) this.#drop();
    this.#byRun.set(snapshot.runId, snapshot);
  }

  get all(): readonly MetricsSnapshot[] {
    return [...this.#byRun.values()];
  }

  /** How many runs had to be forgotten while they went on. */
  get dropped(): number {
    return this.#dropped;
  }

  #drop(): void {
    const kept = this.all;
    const ended = kept.find(({ state }) => ENDED.has(state));
    const gone = ended ?? kept[0];
    if (gone === undefined) return;
    this.#byRun.delete(gone.runId);
    if (ended === undefined) this.#dropped++;
  }
}
