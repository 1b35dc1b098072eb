import type { MetricsSnapshot } from "@refold/core";

/** States in which a run stays for ever. */
const ENDED: ReadonlySet<string> = new Set(["drained", "failed", "cancelled"]);

/** The last snapshot of a run, and when the run began. */
export interface LatestSnapshot {
  readonly snapshot: MetricsSnapshot;
  /** As the first snapshot told it: a start that moved would look like a counter that was set back. */
  readonly startMs: number;
}

/** The last snapshot of each run, of so many runs at most. */
export class LatestSnapshots {
  readonly #limit: number;
  /** In the order in which they came. */
  readonly #byRun = new Map<string, LatestSnapshot>();

  readonly #onDrop: (runId: string) => void;

  /** `onDrop` hears of each run that is forgotten while it goes on. Throws a RangeError if `limit` is not a positive integer. */
  constructor(limit: number, onDrop: (runId: string) => void) {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`runs: ${limit} is not a positive integer`);
    this.#limit = limit;
    this.#onDrop = onDrop;
  }

  /**
   * Keeps this in place of the run's last one. To stay within the limit, it forgets the run that ended first, or else the
   * one heard of least recently.
   */
  put(snapshot: MetricsSnapshot): void {
    const startMs = this.#byRun.get(snapshot.runId)?.startMs ?? snapshot.atMs - snapshot.durationMs;
    this.#byRun.delete(snapshot.runId);
    if (this.#byRun.size === this.#limit) this.#drop();
    this.#byRun.set(snapshot.runId, { snapshot, startMs });
  }

  get all(): readonly LatestSnapshot[] {
    return [...this.#byRun.values()];
  }

  #drop(): void {
    const kept = this.all;
    const ended = kept.find(({ snapshot }) => ENDED.has(snapshot.state));
    const gone = (ended ?? kept[0])?.snapshot.runId;
    if (gone === undefined) return;
    this.#byRun.delete(gone);
    if (ended === undefined) this.#onDrop(gone);
  }
}
