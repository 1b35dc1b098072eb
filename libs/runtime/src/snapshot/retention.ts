import { explainFault, type Clock, type Logger, type Lsn, type RetainMode, type RunLog } from "@refold/core";

/** A snapshot that was kept: when, and the first frame that is needed to go on from it. */
interface Kept {
  readonly atMs: number;
  readonly from: number;
}

const MOST_KEPT = 256;

/** Lets go of frames that nobody needs to go on with the run, as it is told to. */
export class Retention {
  readonly #log: RunLog;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #mode: RetainMode | "keep";
  readonly #keepMs: number;
  #kept: readonly Kept[] = [];
  #asking = false;

  constructor(options: {
    readonly log: RunLog;
    readonly clock: Clock;
    readonly logger: Logger | undefined;
    readonly mode: RetainMode | "keep";
    readonly keepMs: number;
  }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#mode = options.mode;
    this.#keepMs = options.keepMs;
  }

  /** A snapshot is kept, and whoever goes on from it needs the frames from `from` on. The last two are there to go on from. */
  kept(from: number): void {
    const nowMs = this.#clock.now();
    if (this.#mode === "keep") return;
    const before = this.#kept;
    this.#kept = [...before, { atMs: nowMs, from }].slice(-MOST_KEPT);
    if (this.#asking) return;
    const old = before.findLast(({ atMs }) => atMs <= nowMs - this.#keepMs);
    if (old === undefined || !(old.from > this.#log.first)) return;
    this.#asking = true;
    void this.#log.retain(old.from as Lsn, this.#mode).then((retained) => {
      this.#asking = false;
      if (retained.isErr() && retained.error.kind !== "log-closed") {
        this.#logger?.warn("the log could not let go of frames", { cause: explainFault(retained.error) });
      }
    });
  }
}
