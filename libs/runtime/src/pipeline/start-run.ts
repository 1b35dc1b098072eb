import { SYSTEM_LANE, type AppendFault, type Clock, type RunId, type RunLog, type RunOutcome } from "@refold/core";
import type { Topology } from "@refold/topology";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import type { RunReport, StageReport } from "../run-outcome.ts";
import { failureFault, type StageFault } from "../stage/stage-fault.ts";
import { Channel } from "../supervision/channel.ts";
import { LaneWriter } from "../supervision/lane-writer.ts";
import { supervise, type SupervisorEnd } from "../supervision/supervise.ts";
import { Turns } from "../supervision/turns.ts";
import { Wake } from "../supervision/wake.ts";
import { Watched } from "../supervision/watched.ts";
import type { FlowHandle } from "./flow-handle.ts";
import type { PipelineEvent, PipelineState } from "./pipeline-machine.ts";
import { PipelineSupervisor } from "./pipeline-supervisor.ts";
import type { AnyStageState, StageTask } from "./stage-task.ts";
import { wireStages } from "./wire-stages.ts";

/** What a run needs of the world it runs in. */
export interface RunHost {
  readonly clock: Clock;
  /** The runtime with its version, such as `node 20.20.2`. */
  readonly runtime: string;
  /** The version of Refold. */
  readonly refold: string;
}

/** Begins a run of a flow over a log that is new. Nothing moves until the handle is told to. */
export function startRun(definition: FlowDefinition, log: RunLog, host: RunHost): FlowHandle {
  return new Run(definition, log, host);
}

class Run implements FlowHandle {
  readonly runId: RunId;
  readonly flowName: string;
  readonly topology: Topology;
  readonly #definition: FlowDefinition;
  readonly #log: RunLog;
  readonly #host: RunHost;
  readonly #tasks: readonly StageTask[];
  readonly #writers: readonly LaneWriter[];
  readonly #system: LaneWriter;
  readonly #turns: Turns;
  readonly #wake: Wake = new Wake();
  readonly #channel: Channel<PipelineEvent>;
  readonly #supervisor: PipelineSupervisor;
  readonly #state: Watched<PipelineState>;
  /** Resolves when the run has come to be ready; never, if it ends before. */
  readonly #ready: Promise<void>;
  #report: Promise<RunReport> | undefined;

  constructor(definition: FlowDefinition, log: RunLog, host: RunHost) {
    this.runId = log.manifest.runId;
    this.flowName = definition.name;
    this.topology = definition.topology;
    this.#definition = definition;
    this.#log = log;
    this.#host = host;
    this.#turns = new Turns(host.clock);
    const { tasks, writers } = wireStages(definition, log, host.clock, this.#turns);
    this.#tasks = tasks;
    this.#writers = writers;
    this.#system = new LaneWriter(log, SYSTEM_LANE);
    // Room for the few commands of a handle, and for every state that every stage can report.
    this.#channel = new Channel(64 + tasks.length * 8, this.#wake);
    this.#supervisor = new PipelineSupervisor(tasks, this.#wake);
    this.#state = new Watched(this.#supervisor.machine.initial);
    this.#ready = new Promise((resolve) => {
      this.#state.watch(({ kind }) => {
        if (kind === "ready") resolve();
      });
    });
  }

  get state(): PipelineState {
    return this.#state.value;
  }

  async start(): Promise<void> {
    const report = this.#begin();
    await Promise.race([report, this.#ready]);
  }

  run(): Promise<RunReport> {
    const report = this.#begin();
    void this.#ready.then(() => this.#channel.send({ kind: "run" }));
    return report;
  }

  stop(reason: string): void {
    void this.#begin();
    this.#channel.send({ kind: "cancel", reason });
  }

  watch(watcher: (state: PipelineState) => void): () => void {
    return this.#state.watch(watcher);
  }

  stages(): readonly StageReport[] {
    return this.#tasks.map((task) => task.report);
  }

  #begin(): Promise<RunReport> {
    // Begun once, even by one who is told of its first frame.
    this.#report ??= Promise.resolve().then(() => this.#live());
    return this.#report;
  }

  async #live(): Promise<RunReport> {
    const { clock, runtime, refold } = this.#host;
    const fingerprints = Object.fromEntries(
      this.#definition.stages.map(({ name, fingerprint }) => [name, fingerprint]),
    );
    const epoch = this.#system.append(clock.now(), [{ kind: "epoch", runtime, refold, fingerprints }]);
    if (epoch.isErr()) return this.#abandoned(epoch.error);
    for (const task of this.#tasks) task.state.watch((state) => this.#hear(task, state));
    this.#channel.send({ kind: "materialize" });
    const end = await supervise({
      supervised: this.#supervisor,
      channel: this.#channel,
      state: this.#state,
      writer: this.#system,
      clock,
      turns: this.#turns,
    });
    return this.#finish(end);
  }

  /** Tells the pipeline what a stage has come to. A full channel cannot be: it has room for every report there is. */
  #hear(task: StageTask, state: AnyStageState): void {
    const stage = task.name;
    switch (state.kind) {
      case "waiting-for-gun":
      case "running":
      case "accumulating":
        if (task.isSource === (state.kind === "waiting-for-gun")) this.#channel.send({ kind: "stage-ready", stage });
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

  async #finish(end: SupervisorEnd<PipelineState>): Promise<RunReport> {
    this.#channel.close();
    const { state } = end;
    if (end.kind === "abandoned") return this.#abandoned(end.cause);
    const outcome = outcomeOf(state);
    const sealed = this.#system.append(this.#host.clock.now(), [
      {
        kind: "seal",
        status: outcome.status,
        reason: outcome.reason,
        data: [0, ...this.#writers.map((writer) => writer.dataRecords)],
        digest: this.#log.digest(),
      },
    ]);
    if (sealed.isErr()) return this.#abandoned(sealed.error);
    const safe = await this.#log.whenSafe(sealed.value.position);
    if (safe.isErr()) return this.#abandoned(safe.error);
    await this.#log.close();
    return { ...outcome, logFault: undefined, stages: this.stages() };
  }

  /** Nothing more can go on record, mostly because the log has failed, but nobody may be left waiting. */
  async #abandoned(cause: AppendFault | Error): Promise<RunReport> {
    for (const task of this.#tasks) task.cancel("the run was abandoned");
    await Promise.all(this.#tasks.map((task) => task.ended));
    await this.#log.close();
    const stages = this.stages();
    if (cause instanceof Error) {
      const fault = failureFault("system", cause);
      return { status: "failed", reason: fault.message, fault, logFault: undefined, stages };
    }
    return { status: "failed", reason: "the log failed", fault: undefined, logFault: cause, stages };
  }
}

function outcomeOf(state: PipelineState): {
  status: RunOutcome;
  reason: string | undefined;
  fault: StageFault | undefined;
} {
  switch (state.kind) {
    case "drained":
      return { status: "completed", reason: undefined, fault: undefined };
    case "cancelled":
      return { status: "cancelled", reason: state.reason, fault: undefined };
    case "failed":
      return { status: "failed", reason: state.fault.message, fault: state.fault };
    case "created":
    case "materializing":
    case "materialized":
    case "ready":
    case "running":
    case "source-completed":
    case "draining":
      return { status: "failed", reason: `the supervisor stopped in state ${state.kind}`, fault: undefined };
  }
}
