import { err, type Result } from "neverthrow";

import {
  Journal,
  SYSTEM_LANE,
  type AppendFault,
  type EpochRecord,
  type Logger,
  type LogRecord,
  type MetricsExporter,
  type MetricsSnapshot,
  type RunId,
  type RunLog,
} from "@refold/core";
import type { Kinded } from "@refold/fsm";
import type { Topology } from "@refold/topology";

import { isComputed, type FlowDefinition } from "../definition/flow-definition.ts";
import type { ResolvedConfiguration } from "../config/resolved-configuration.ts";
import type { CreditGate } from "../edge/credit-gate.ts";
import type { Edge } from "../edge/edge.ts";
import { consoleSummary } from "../metrics/console-summary.ts";
import { MetricsAggregator, type AggregatorEvent, type AggregatorState } from "../metrics/metrics-aggregator.ts";
import { runSnapshot } from "../metrics/run-snapshot.ts";
import type { RunReport, StageReport } from "../run-report.ts";
import type { LaneState } from "../snapshot/run-state.ts";
import { SnapshotTaker } from "../snapshot/snapshot-taker.ts";
import { failureFault } from "../stage/stage-fault.ts";
import { Channel } from "../supervision/channel.ts";
import type { HandleFault } from "../supervision/handle-fault.ts";
import { LaneWriter, type RecordedFrame } from "../supervision/lane-writer.ts";
import { supervise, type SupervisorEnd } from "../supervision/supervise.ts";
import { Turns } from "../supervision/turns.ts";
import { Wake } from "../supervision/wake.ts";
import { Watched } from "../supervision/watched.ts";
import type { EdgeContracts, FlowHandle, JoinInputs, StagePolicies } from "./flow-handle.ts";
import { guardedLogger } from "./guarded-logger.ts";
import { LifecycleObservers } from "./lifecycle-observers.ts";
import { LivenessMonitor, type LivenessThresholds } from "./liveness-monitor.ts";
import type { PipelineEvent, PipelineState } from "./pipeline-machine.ts";
import { PipelineSupervisor, roomForReports } from "./pipeline-supervisor.ts";
import { outcomeOf, type Outcome } from "./run-outcome.ts";
import type { RunHost } from "./run-host.ts";
import type { RecoveredLane } from "../replay/recovered-lane.ts";
import { wireStages, type WiredStages } from "./wire-stages.ts";

const DEFAULT_REASON = "user_stop";

/** States in which data is on its way. */
const FLOWING: readonly PipelineState["kind"][] = ["running", "source-completed", "draining"];

interface RunOptions {
  readonly definition: FlowDefinition;
  readonly log: RunLog;
  readonly host: RunHost;
  readonly settings: ResolvedConfiguration;
  readonly exporters: readonly MetricsExporter[];
  readonly gates: readonly CreditGate[];
  /** Of a run that is gone on with: what its lanes have come to, by their ids. */
  readonly recovered?: readonly RecoveredLane[];
  /** Whether an earlier process has worked on this run: not so for a fork, though it is gone on with. */
  readonly resumed?: boolean;
  /** Whether calls are made again that have failed on record, where a handler ends on that. */
  readonly retryFailed?: boolean;
  /** The flow's source file as this process has it, of a run that is gone on with. */
  readonly source?: EpochRecord["source"];
  /** Whether it is gone on with although the code does not compute what is on record. */
  readonly forced?: boolean;
  /** How many frames before this process somebody last did that. */
  readonly forcedBehind?: number;
}

function fingerprintsOf({ stages }: FlowDefinition): Readonly<Record<string, string>> {
  return Object.fromEntries(stages.map(({ name, fingerprint }) => [name, fingerprint]));
}

/** One run from its first frame to its seal. */
export class Run implements FlowHandle {
  readonly runId: RunId;
  readonly flowName: string;
  readonly topology: Topology;
  readonly systemJournal: Journal;
  readonly #options: RunOptions;
  readonly #wired: WiredStages;
  readonly #system: LaneWriter;
  readonly #turns: Turns;
  readonly #logger: Logger | undefined;
  readonly #moved: (frame: RecordedFrame) => void;
  readonly #channel: Channel<PipelineEvent>;
  readonly #supervisor: PipelineSupervisor;
  readonly #state: Watched<PipelineState>;
  readonly #liveness: LivenessMonitor;
  readonly #metrics: MetricsAggregator;
  readonly #metricsState: Watched<AggregatorState>;
  readonly #snapshots: SnapshotTaker;
  /** Resolves when the run has come to be ready; never, if it ends before. */
  readonly #ready: Promise<void>;
  #startedAtMs = 0;
  #running = false;
  #report: Promise<RunReport> | undefined;
  readonly #sent: Set<PipelineEvent["kind"]> = new Set();

  constructor(options: RunOptions) {
    const {
      definition,
      log,
      host,
      settings,
      exporters,
      gates,
      recovered,
      resumed = false,
      retryFailed = false,
    } = options;
    const { clock, abortController } = host;
    const logger = host.logger && guardedLogger(host.logger);
    this.#logger = logger;
    this.runId = log.manifest.runId;
    this.flowName = definition.name;
    this.topology = definition.topology;
    this.systemJournal = new Journal(log, SYSTEM_LANE);
    this.#options = options;
    this.#turns = new Turns(clock);
    const observers = new LifecycleObservers(definition.observers, log.manifest, logger);
    const moved = (frame: RecordedFrame): void => observers.see(frame);
    this.#moved = moved;
    this.#wired = wireStages({
      definition,
      log,
      clock,
      abortController,
      turns: this.#turns,
      settings,
      gates,
      logger,
      moved,
      recovered,
      resumed,
      retryFailed,
    });
    this.#system = new LaneWriter(log, SYSTEM_LANE, recovered?.[SYSTEM_LANE]);
    const { tasks, edges, writers, hold } = this.#wired;
    const wake = new Wake();
    this.#channel = new Channel(settings.flow("control.capacityEvents") + roomForReports(tasks.length), wake);
    const shutdownTimeoutMs = settings.flow("shutdown.timeoutMs");
    this.#supervisor = new PipelineSupervisor({ tasks, channel: this.#channel, wake, clock, shutdownTimeoutMs });
    this.#state = new Watched(this.#supervisor.machine.initial);
    const record = (records: readonly LogRecord[]): void => void this.#system.append(clock.now(), records);
    const tickMs = settings.flow("liveness.tickMs");
    this.#liveness = new LivenessMonitor({
      edges,
      clock,
      tickMs,
      thresholdsOf: (edge) => this.#thresholds(edge),
      record,
    });
    const { runtime, refold } = host;
    const everyMs = settings.flow("snapshots.everyMs");
    this.#snapshots = new SnapshotTaker({
      log,
      writers: [this.#system, ...writers],
      passers: definition.stages.filter(isComputed).length,
      everyMs: everyMs === "never" ? Number.POSITIVE_INFINITY : everyMs,
      everyRecords: settings.flow("snapshots.everyRecords"),
      clock,
      hold,
      logger,
      process: { runtime, refold, fingerprints: fingerprintsOf(definition) },
      forcedBehind: options.forced === true ? 0 : (options.forcedBehind ?? Number.POSITIVE_INFINITY),
      retention: { mode: settings.flow("retention.mode"), keepMs: settings.flow("retention.keepMs") },
      lanes: () => this.#settled(),
    });
    const snapshot = (): MetricsSnapshot => this.#figures();
    this.#metrics = new MetricsAggregator({
      snapshot,
      exporters,
      intervalMs: settings.flow("metrics.intervalMs"),
      clock,
      logger,
    });
    this.#metricsState = new Watched(this.#metrics.machine.initial);
    this.#ready = new Promise((resolve) => {
      this.#state.watch(({ kind }) => {
        if (kind === "ready") resolve();
      });
    });
  }

  get state(): PipelineState {
    return this.#state.value;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  async start(): Promise<void> {
    await Promise.race([this.#begin(), this.#ready]);
  }

  run(): Promise<RunReport> {
    const report = this.#begin();
    void this.#ready.then(() => this.#sendOnce({ kind: "run" }));
    return report;
  }

  async runWithMetrics(): Promise<{ readonly report: RunReport; readonly metrics: MetricsSnapshot }> {
    const report = await this.run();
    return { report, metrics: this.metrics() };
  }

  pause(): Result<void, HandleFault> {
    return this.#whileFlowing({ kind: "pause" });
  }

  resume(): Result<void, HandleFault> {
    return this.#whileFlowing({ kind: "resume" });
  }

  stop(reason: string = DEFAULT_REASON): void {
    void this.#begin();
    this.#sendOnce({ kind: "cancel", reason });
  }

  stopCancel(reason?: string): void {
    this.stop(reason);
  }

  stopGraceful({
    timeoutMs,
    reason = DEFAULT_REASON,
  }: { readonly timeoutMs?: number; readonly reason?: string } = {}): void {
    void this.#begin();
    const { host, settings } = this.#options;
    if (timeoutMs !== undefined && !(timeoutMs >= 0))
      throw new RangeError(`timeoutMs is ${timeoutMs}; it must be 0 or more`);
    const deadlineMs = host.clock.now() + (timeoutMs ?? settings.flow("shutdown.timeoutMs"));
    this.#sendOnce({ kind: "stop-gracefully", reason, deadlineMs });
  }

  shutdown(options?: { readonly timeoutMs?: number; readonly reason?: string }): Promise<RunReport> {
    this.stopGraceful(options);
    return this.#begin();
  }

  abort(reason: string): void {
    void this.#begin();
    this.#sendOnce({ kind: "fail", fault: { code: "unexpected", stage: "system", message: `aborted: ${reason}` } });
  }

  states(): AsyncIterableIterator<PipelineState> {
    return this.#state.changes();
  }

  watch(watcher: (state: PipelineState) => void): () => void {
    return this.#state.watch(watcher);
  }

  stages(): readonly StageReport[] {
    return this.#wired.tasks.map((task) => task.report);
  }

  policies(): readonly StagePolicies[] {
    return this.topology.stages.flatMap(({ name, annotations: { policies = [] } }) =>
      policies.length > 0
        ? [{ stage: name, policies, status: this.#wired.tasks.find((task) => task.name === name)?.policies ?? [] }]
        : [],
    );
  }

  joins(): readonly JoinInputs[] {
    return this.topology.stages
      .filter(({ kind }) => kind === "join")
      .map(({ name, annotations: { join } }) => ({
        stage: name,
        kind: join?.mode ?? "inner",
        read: join?.reference === "live" ? "live" : "first",
        inputs: this.topology.inputs(name).map(({ from, role = "stream" }) => ({ from, role })),
      }));
  }

  contracts(): readonly EdgeContracts[] {
    const nameOf = (lane: number): string => this.#options.log.manifest.lanes[lane] ?? "";
    return this.#wired.edges.map(({ from, to, verdicts }) => ({
      from: nameOf(from),
      to: nameOf(to),
      verdicts: Object.fromEntries(verdicts),
    }));
  }

  metrics(): MetricsSnapshot {
    return this.#metrics.figures;
  }

  renderMetrics(width: number = 100): string {
    return consoleSummary(this.metrics(), { width });
  }

  #figures(): MetricsSnapshot {
    const { log, host } = this.#options;
    const { tasks, edges, latency } = this.#wired;
    return runSnapshot({
      flow: this.flowName,
      log,
      clock: host.clock,
      startedAtMs: this.#startedAtMs,
      tasks,
      edges,
      latency,
      liveness: this.#liveness,
      state: () => this.state.kind,
    });
  }

  /** What every lane has come to; `undefined` while a stage is in the middle of a step, or the run is about to end. */
  #settled(): readonly LaneState[] | undefined {
    if (!FLOWING.includes(this.state.kind)) return undefined;
    const { machine } = this.#supervisor;
    const machines = new Map<string, Kinded>([
      [machine.name, this.state],
      [this.#metrics.machine.name, this.#metricsState.value],
    ]);
    const lanes: LaneState[] = [{ ...this.#system.written, taken: 0, machines, stage: { unread: [] } }];
    for (const { settled } of this.#wired.tasks) {
      if (settled === undefined) return undefined;
      lanes.push(settled);
    }
    return lanes;
  }

  #thresholds(edge: Edge): LivenessThresholds {
    const { log, settings } = this.#options;
    const ends = { from: log.manifest.lanes[edge.from] ?? "", to: log.manifest.lanes[edge.to] ?? "" };
    return {
      idleMs: settings.edge(ends, "liveness.idleMs"),
      suspectMs: settings.edge(ends, "liveness.suspectMs"),
      stalledMs: settings.edge(ends, "liveness.stalledMs"),
    };
  }

  #whileFlowing(event: PipelineEvent): Result<void, HandleFault> {
    if (this.state.kind !== "running") return err({ kind: "not-running", state: this.state.kind });
    const limit = this.#options.settings.flow("control.capacityEvents");
    return this.#channel
      .send(event, limit)
      .mapErr(() => ({ kind: "send-failed", reason: "full", limit }) satisfies HandleFault);
  }

  /** Of what can count but once, only the first is sent: repeating it cannot fill the channel. */
  #sendOnce(event: PipelineEvent): void {
    if (this.#sent.has(event.kind)) return;
    this.#sent.add(event.kind);
    this.#channel.send(event);
  }

  #begin(): Promise<RunReport> {
    // Begun once, even by one who is told of its first frame.
    if (this.#report === undefined) {
      this.#running = true;
      this.#report = Promise.resolve().then(() => this.#live());
    }
    return this.#report;
  }

  async #live(): Promise<RunReport> {
    const { definition, host, forced = false, retryFailed, source } = this.#options;
    const { clock, runtime, refold } = host;
    this.#startedAtMs = clock.now();
    const fingerprints = fingerprintsOf(definition);
    const told = { ...(retryFailed === true && { retryFailed }), ...(source && { source }) };
    const begun: EpochRecord = { kind: "epoch", runtime, refold, fingerprints, forced, ...told };
    const epoch = this.#system.append(this.#startedAtMs, [begun]);
    if (epoch.isErr()) return this.#abandoned(epoch.error);
    this.#channel.send({ kind: "materialize" });
    const metrics = this.#keepsFigures ? this.#superviseMetrics() : undefined;
    this.#liveness.start();
    this.#snapshots.start();
    const end = await supervise({
      supervised: this.#supervisor,
      channel: this.#channel,
      state: this.#state,
      writer: this.#system,
      clock,
      turns: this.#turns,
      moved: this.#moved,
      late: (cause) => this.#logger?.warn("the pipeline failed after it had ended", { cause: String(cause) }),
    });
    this.#liveness.stop();
    this.#snapshots.stop();
    this.#supervisor.disarm();
    this.#metrics.finish();
    await metrics;
    return this.#finish(end);
  }

  get #keepsFigures(): boolean {
    return this.#options.settings.flow("metrics.enabled");
  }

  #superviseMetrics(): Promise<unknown> {
    const supervised = this.#metrics;
    return supervise({
      supervised,
      channel: new Channel<AggregatorEvent>(1, new Wake()),
      state: this.#metricsState,
      writer: this.#system,
      clock: this.#options.host.clock,
      turns: this.#turns,
    });
  }

  async #finish(end: SupervisorEnd<PipelineState>): Promise<RunReport> {
    const { host, log } = this.#options;
    if (end.kind === "abandoned") return this.#abandoned(end.cause);
    const outcome = outcomeOf(end.state);
    const sealed = this.#system.append(host.clock.now(), [
      {
        kind: "seal",
        status: outcome.status,
        reason: outcome.reason,
        data: [0, ...this.#wired.writers.map((writer) => writer.dataRecords)],
        digest: log.digest(),
      },
    ]);
    if (sealed.isErr()) return this.#abandoned(sealed.error);
    const safe = await log.whenSafe(sealed.value.position);
    if (safe.isErr()) return this.#abandoned(safe.error);
    return this.#closed({ ...outcome, logFault: undefined });
  }

  /** Nothing more can go on record, mostly because the log has failed, but nobody may be left waiting. */
  async #abandoned(cause: AppendFault | Error): Promise<RunReport> {
    const { tasks } = this.#wired;
    for (const task of tasks) task.tell({ kind: "cancel", reason: "the run was abandoned" });
    await Promise.all(tasks.map((task) => task.ended));
    if (cause instanceof Error) {
      const fault = failureFault("system", cause);
      return this.#closed({ status: "failed", reason: fault.message, fault, logFault: undefined });
    }
    return this.#closed({ status: "failed", reason: "the log failed", fault: undefined, logFault: cause });
  }

  async #closed(outcome: Outcome & Pick<RunReport, "logFault">): Promise<RunReport> {
    this.#metrics.freeze();
    await this.#options.log.close();
    if (this.#keepsFigures) await this.#metrics.exportFigures();
    this.#running = false;
    this.#state.end();
    return { ...outcome, stages: this.stages(), abandoned: this.#supervisor.late };
  }
}
