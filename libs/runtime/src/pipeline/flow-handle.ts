import type { RunId } from "@refold/core";
import type { Topology } from "@refold/topology";

import type { RunReport, StageReport } from "../run-outcome.ts";
import type { PipelineState } from "./pipeline-machine.ts";

/** A run, as those see it who started it. */
export interface FlowHandle {
  readonly runId: RunId;
  readonly flowName: string;
  readonly topology: Topology;
  /** The fold of what is on record of the pipeline. */
  readonly state: PipelineState;
  /** Makes the stages and brings them to where only the sources wait. Resolves when the run is ready, or has ended. */
  start(): Promise<void>;
  /** Starts what is not started, and resolves when the run has ended and everything on record is safe. */
  run(): Promise<RunReport>;
  /** Cancels the run: its reason goes on record. Stopping again, or after the end, does nothing. */
  stop(reason: string): void;
  /** Calls `watcher` at every change of the state until the returned function is called. */
  watch(watcher: (state: PipelineState) => void): () => void;
  /** What each stage has done so far, in the order declared. */
  stages(): readonly StageReport[];
}
