import type { AppendFault, Clock } from "@refold/core";
import type { Machine } from "@refold/fsm";

import { failureFault, LogFailure, type StageFault } from "../stage/stage-fault.ts";
import type { Channel } from "../supervision/channel.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { Wake } from "../supervision/wake.ts";
import { pipelineMachine, type PipelineAction, type PipelineEvent, type PipelineState } from "./pipeline-machine.ts";
import type { AnyStageState, StageTask } from "./stage-task.ts";

/** How long stages are awaited once the deadline of a stop has passed, in milliseconds. */
const OVERDUE_GRACE_MS = 100;

/** Events that come at most once: materialize, run, fail, cancel, stop gracefully, and its deadline. */
const ONCE = 6;

/** How many states of a stage are reported: that it is ready, and its end. */
const REPORTS = 2;

/** The room that a channel needs for all that comes but so often, besides what can be asked for any number of times. */
export function roomForReports(stages: number): number {
  return ONCE + stages * REPORTS;
}

/** Leads a run: makes the stages, starts them in order, follows them to their end. */
export class PipelineSupervisor implements HandlerSupervised<PipelineState, PipelineEvent, PipelineAction> {
  readonly machine: Machine<PipelineState, PipelineEvent, PipelineAction> = pipelineMachine();
  readonly #tasks: readonly StageTask[];
  readonly #channel: Channel<PipelineEvent>;
  readonly #wake: Wake;
  readonly #clock: Clock;
  readonly #shutdownTimeoutMs: number;
  /** Why a stage has stopped without a state that says so. */
  #abandoned: StageFault | undefined;
  readonly #ready: Set<string> = new Set();
  #disarm: (() => void) | undefined;
  #late: readonly string[] = [];

  constructor(options: {
    readonly tasks: readonly StageTask[];
    readonly channel: Channel<PipelineEvent>;
    readonly wake: Wake;
    readonly clock: Clock;
    readonly shutdownTimeoutMs: number;
  }) {
    this.#tasks = options.tasks;
    this.#channel = options.channel;
    this.#wake = options.wake;
    this.#clock = options.clock;
    this.#shutdownTimeoutMs = options.shutdownTimeoutMs;
  }

  dispatch(state: PipelineState): EventLoopDirective<PipelineEvent> | Promise<EventLoopDirective<PipelineEvent>> {
    switch (state.kind) {
      case "materializing": {
        const live = this.#tasks.filter((task) => !task.isDone);
        for (const task of live) {
          task.state.watch((state) => this.#hear(task, state));
          task.launch((cause) => this.#abandon(task, cause));
        }
        const sources = live.filter((task) => task.isSource).map((task) => task.name);
        const others = live.filter((task) => !task.isSource).map((task) => task.name);
        return { kind: "transition", event: { kind: "materialized", sources, others } };
      }
      case "source-completed":
        return { kind: "transition", event: { kind: "begin-drain" } };
      case "created":
      case "materialized":
      case "ready":
      case "running":
      case "draining":
      case "drained":
      case "failed":
      case "cancelled":
        if (this.#abandoned !== undefined) {
          return { kind: "transition", event: { kind: "fail", fault: this.#abandoned } };
        }
        return this.#wake.wait().then(() => ({ kind: "continue" }));
    }
  }

  async perform(action: PipelineAction): Promise<void> {
    switch (action.kind) {
      case "start-stages":
        for (const task of this.#tasks) {
          if (task.isSource === (action.which === "sources")) task.tell({ kind: "start" });
        }
        return;
      case "pause-sources":
        this.#tellSources("pause");
        return;
      case "resume-sources":
        this.#tellSources("resume");
        return;
      case "drain-sources":
        this.#tellSources("begin-drain");
        return;
      case "arm-deadline":
        this.#disarm = this.#clock.schedule(Math.max(0, action.deadlineMs - this.#clock.now()), () => {
          this.#channel.send({ kind: "stop-timed-out" });
        });
        return;
      case "shut-down":
        await this.#shutDown(action.reason, action.overdue ? OVERDUE_GRACE_MS : this.#shutdownTimeoutMs);
    }
  }

  /** The stages that had not ended at the deadline for it. */
  get late(): readonly string[] {
    return this.#late;
  }

  /** No timer outlives the run. */
  disarm(): void {
    this.#disarm?.();
  }

  failure(cause: unknown): PipelineEvent {
    return { kind: "fail", fault: failureFault("system", cause) };
  }

  externalEvents(state: PipelineState): ExternalEventPolicy {
    switch (state.kind) {
      case "created":
        return "block";
      case "materializing":
      case "source-completed":
      case "drained":
      case "failed":
      case "cancelled":
        return "ignore";
      case "materialized":
      case "ready":
      case "running":
      case "draining":
        return "poll";
    }
  }

  channelClosed(): PipelineEvent {
    return { kind: "cancel", reason: "the control channel was closed" };
  }

  #tellSources(kind: "pause" | "resume" | "begin-drain"): void {
    for (const task of this.#tasks) if (task.isSource) task.tell({ kind });
  }

  /** Tells the pipeline what a stage has come to. A full channel cannot be: it has room for every report there is. */
  #hear(task: StageTask, state: AnyStageState): void {
    const stage = task.name;
    switch (state.kind) {
      case "waiting-for-gun":
      case "running":
      case "accumulating":
      case "hydrating":
      case "live":
        if (task.isSource !== (state.kind === "waiting-for-gun") || this.#ready.has(stage)) return;
        this.#ready.add(stage);
        this.#channel.send({ kind: "stage-ready", stage });
        return;
      case "drained":
        this.#channel.send({ kind: "stage-drained", stage });
        return;
      case "failed":
        this.#channel.send({ kind: "fail", fault: state.fault as StageFault });
        return;
      case "cancelled":
        this.#channel.send({ kind: "stage-cancelled", stage, reason: state.reason ?? "" });
    }
  }

  /** Every stage is told, then awaited, under one deadline. Late ones are left behind: nothing of them goes on record. */
  async #shutDown(reason: string, timeoutMs: number): Promise<void> {
    for (const task of this.#tasks) task.tell({ kind: "cancel", reason });
    await new Promise<void>((resolve) => {
      const disarm = this.#clock.schedule(timeoutMs, () => {
        const late = this.#tasks.filter((task) => !task.hasEnded);
        this.#late = late.map(({ name }) => name);
        for (const task of late) task.giveUp();
        resolve();
      });
      void Promise.all(this.#tasks.map((task) => task.ended)).then(() => {
        disarm();
        resolve();
      });
    });
  }

  #abandon(task: StageTask, cause: AppendFault | Error): void {
    this.#abandoned ??= failureFault(task.name, cause instanceof Error ? cause : new LogFailure(cause));
    this.#wake.signal();
  }
}
