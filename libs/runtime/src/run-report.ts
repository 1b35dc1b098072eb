import type { AppendFault, RunOutcome } from "@refold/core";

import type { StageFault } from "./stage/stage-fault.ts";

/** How a run ended, with what it amounts to. */
export interface RunReport {
  readonly status: RunOutcome;
  /** Why it did not complete. */
  readonly reason: string | undefined;
  readonly fault: StageFault | undefined;
  /** Set when the log itself failed: then the run has no seal, and what is on record can be resumed. */
  readonly logFault: AppendFault | undefined;
  readonly stages: readonly StageReport[];
  /** Stages that had not come to an end when the run was given up at its deadline. */
  readonly abandoned: readonly string[];
}

/** What a stage has done so far, over the whole run; of an observer, what this process has shown it. */
export interface StageReport extends StageWork {
  readonly stage: string;
  readonly state: string;
  /** What of it was on record when this process took the run over; left out where it began the run. */
  readonly earlier?: StageWork;
}

export interface StageWork {
  readonly in: number;
  readonly out: number;
  /** Inputs that it rejected; of an observer, its faults. */
  readonly rejected: number;
}
