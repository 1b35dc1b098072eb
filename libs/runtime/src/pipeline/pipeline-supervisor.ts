import type { AppendFault } from "@refold/core";
import type { Machine } from "@refold/fsm";

import { failureFault, LogFailure, type StageFault } from "../stage/stage-fault.ts";
import type { EventLoopDirective, ExternalEventPolicy } from "../supervision/directive.ts";
import type { HandlerSupervised } from "../supervision/supervisor.ts";
import type { Wake } from "../supervision/wake.ts";
import { pipelineMachine, type PipelineAction, type PipelineEvent, type PipelineState } from "./pipeline-machine.ts";
import type { StageTask } from "./stage-task.ts";

/** Leads a run: makes the stages, starts them in order, follows them to their end. */
export class PipelineSupervisor implements HandlerSupervised<PipelineState, PipelineEvent, PipelineAction> {
  readonly machine: Machine<PipelineState, PipelineEvent, PipelineAction> = pipelineMachine();
  readonly #tasks: readonly StageTask[];
  readonly #wake: Wake;
  /** Why a stage has stopped without a state that says so. */
  #abandoned: StageFault | undefined;

  constructor(tasks: readonly StageTask[], wake: Wake) {
    this.#tasks = tasks;
    this.#wake = wake;
  }

  dispatch(state: PipelineState): EventLoopDirective<PipelineEvent> | Promise<EventLoopDirective<PipelineEvent>> {
    switch (state.kind) {
      case "materializing": {
        for (const task of this.#tasks) task.launch((cause) => this.#abandon(task, cause));
        const sources = this.#tasks.filter((task) => task.isSource).map((task) => task.name);
        const others = this.#tasks.filter((task) => !task.isSource).map((task) => task.name);
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
        for (const task of this.#tasks) if (task.isSource === (action.which === "sources")) task.start();
        return;
      case "shut-down":
        for (const task of this.#tasks) task.cancel(action.reason);
        await Promise.all(this.#tasks.map((task) => task.ended));
    }
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

  #abandon(task: StageTask, cause: AppendFault | Error): void {
    this.#abandoned ??= failureFault(task.name, cause instanceof Error ? cause : new LogFailure(cause));
    this.#wake.signal();
  }
}
