import type { Result } from "neverthrow";

import type { Journal, MetricsSnapshot, RunId } from "@refold/core";
import type { EdgeRole, PolicyAnnotation, Topology } from "@refold/topology";

import type { JoinKind, JoinRead } from "../authoring/join.ts";
import type { GuardedCalls } from "../stage/stage-stacks.ts";
import type { RunReport, StageReport } from "../run-report.ts";
import type { HandleFault } from "../supervision/handle-fault.ts";
import type { PipelineState } from "./pipeline-machine.ts";

/** The contracts of one edge, with their last verdicts. */
export interface EdgeContracts {
  readonly from: string;
  readonly to: string;
  readonly verdicts: Readonly<Record<string, "held" | "violated">>;
}

/** What stands between a stage and the outside, outermost first. */
export interface StagePolicies {
  readonly stage: string;
  readonly policies: readonly PolicyAnnotation[];
  /** What they are up to now, by what they guard: an effect, or `poll` of a source, or `write` of a sink. */
  readonly status: readonly GuardedCalls[];
}

/** A join with its inputs: the edges into it, each with its role. */
export interface JoinInputs {
  readonly stage: string;
  readonly kind: JoinKind;
  readonly read: JoinRead;
  readonly inputs: readonly { readonly from: string; readonly role: EdgeRole }[];
}

/** A run, as those see it who started it. */
export interface FlowHandle {
  readonly runId: RunId;
  readonly flowName: string;
  readonly topology: Topology;
  /** The fold of what is on record of the pipeline. */
  readonly state: PipelineState;
  /** Whether the run has begun and not ended. */
  readonly isRunning: boolean;
  /** The lane of the pipeline and the other system components. */
  readonly systemJournal: Journal;

  /** Makes the stages and brings them to where only the sources wait. Resolves when the run is ready, or has ended. */
  start(): Promise<void>;
  /** Starts what is not started, and resolves when the run has ended and everything on record is safe. */
  run(): Promise<RunReport>;
  /** As `run`, with the final figures, which are exact. */
  runWithMetrics(): Promise<{ readonly report: RunReport; readonly metrics: MetricsSnapshot }>;

  /** Stops the intake of every source and holds it; what is on its way goes on. */
  pause(): Result<void, HandleFault>;
  resume(): Result<void, HandleFault>;

  /** Cancels the run. A run that is stopped ends as cancelled, with its first reason; stopping twice does nothing. */
  stop(reason?: string): void;
  /** As `stop`. */
  stopCancel(reason?: string): void;
  /**
   * Ends the intake and lets what is on its way arrive; cancels at the deadline. A cancel beats it, and a later one neither
   * softens a cancel nor moves the first deadline.
   */
  stopGraceful(options?: { readonly timeoutMs?: number; readonly reason?: string }): void;
  /** Stops gracefully and resolves when the run has ended. */
  shutdown(options?: { readonly timeoutMs?: number; readonly reason?: string }): Promise<RunReport>;
  /** Fails the run at once. */
  abort(reason: string): void;

  /** The present state, then every state that it changes to, until the run has ended. */
  states(): AsyncIterableIterator<PipelineState>;
  /** Calls `watcher` at every change of the state until the returned function is called. */
  watch(watcher: (state: PipelineState) => void): () => void;
  /** What each stage has done so far, in the order declared. */
  stages(): readonly StageReport[];
  contracts(): readonly EdgeContracts[];
  /** The policies of each stage that has some. */
  policies(): readonly StagePolicies[];
  joins(): readonly JoinInputs[];
  /** The figures now or, when the run has ended, the final ones. */
  metrics(): MetricsSnapshot;
  /** The figures as text for people, in lines of at most `width` characters; 100 without it. */
  renderMetrics(width?: number): string;
}
