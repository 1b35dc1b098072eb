import type {
  Durability,
  Logger,
  MetricsExporter,
  MetricsSnapshot,
  RunId,
  RunLog,
  RunManifest,
  RunStore,
} from "@refold/core";
import {
  codeLayer,
  describeRun,
  explainConfigurationFault,
  explainFlowFault,
  replayRun,
  resolveConfiguration,
  resumeRun,
  startRun,
  type Configuration,
  type CreditGate,
  type Flow,
  type FlowDefinition,
  type FlowHandle,
  type ResolvedConfiguration,
  type ReplayOptions,
  type ReplayReport,
  type RunHost,
  type RunReport,
} from "@refold/runtime";

import { ManualClock } from "./manual-clock.ts";
import { readRun, type RecordedRun } from "./recorded-run.ts";

export interface FlowRunOptions {
  /** Keeps the run, such as `memoryStore()`. */
  readonly store: RunStore;
  /** A clock of 2026-01-01 that stands still, unless another is given. */
  readonly clock?: ManualClock;
  /** Numbers the run within its store; its id, and all that is random in it, follow from that. */
  readonly number?: number;
  /** What holds where neither the flow nor `configuration` sets `log.durability`: `buffered`, unless it is given. */
  readonly durability?: Durability;
  /** What is set for it, as in code, stronger than what the flow carries. */
  readonly configuration?: Configuration;
  readonly exporters?: readonly MetricsExporter[];
  /** Withhold credit, see `EdgeGate`. */
  readonly gates?: readonly CreditGate[];
  readonly logger?: Logger;
  /** Puts something between the run and its log, see `tapLog`. */
  readonly tap?: (log: RunLog) => RunLog;
}

/** What holds for a run that is taken over: its settings are those that it was made with. */
export interface FlowResumeOptions extends Omit<FlowRunOptions, "durability" | "configuration"> {
  /** Goes on although the flow does not compute what is on record. */
  readonly force?: boolean;
  /** Makes calls again that have failed on record, where their handler ends on that. */
  readonly retryFailed?: boolean;
}

/** The same id for the same number, in the form of a run's. */
export function testRunId(number: number): RunId {
  return `0190${number.toString(16).padStart(4, "0")}-0000-7000-8000-000000000000` as RunId;
}

/** A run of a flow under the eyes of a test, on a clock that the test moves. */
export class FlowRun {
  readonly definition: FlowDefinition;
  readonly manifest: RunManifest;
  readonly clock: ManualClock;
  readonly handle: FlowHandle;
  readonly #store: RunStore;

  private constructor(parts: {
    readonly definition: FlowDefinition;
    readonly manifest: RunManifest;
    readonly store: RunStore;
    readonly clock: ManualClock;
    readonly handle: FlowHandle;
  }) {
    this.definition = parts.definition;
    this.manifest = parts.manifest;
    this.clock = parts.clock;
    this.#store = parts.store;
    this.handle = parts.handle;
  }

  /** Makes a run that waits to be told to run. Throws if the flow or its settings are wrong, or the run cannot be kept. */
  static async open(flow: Flow, options: FlowRunOptions): Promise<FlowRun> {
    const { store, clock = new ManualClock(Date.UTC(2026, 0)), number = 1, durability = "buffered", tap } = options;
    const definition = builtFlow(flow);
    const weakest: Configuration = { global: { "log.durability": durability } };
    const settings = resolved([weakest, flow.configuration ?? {}, options.configuration ?? {}], definition);
    const manifest = describeRun(definition, {
      runId: testRunId(number),
      createdAtMs: clock.now(),
      durability: settings.flow("log.durability"),
      configuration: settings.entries(),
    });
    for (const { from, to } of options.gates ?? []) {
      if (!definition.topology.upstream(to).includes(from)) throw new RangeError(`no edge ${from} -> ${to} for a gate`);
    }
    const log = await created(store, manifest);
    const { exporters = [], gates = [], logger } = options;
    const tapped = tap === undefined ? log : tap(log);
    const handle = startRun(definition, tapped, hostOf(clock, logger), { settings, exporters, gates });
    return new FlowRun({ definition, manifest, store, clock, handle });
  }

  /**
   * Takes over a run that has not come to its end, as a process does after another one was killed. It waits to be told to run.
   * Throws if the run cannot be gone on with; the error's cause is the fault.
   */
  static async resume(flow: Flow, options: FlowResumeOptions): Promise<FlowRun> {
    const {
      store,
      clock = new ManualClock(Date.UTC(2026, 0)),
      number = 1,
      force = false,
      retryFailed = false,
      tap,
    } = options;
    const definition = builtFlow(flow);
    const log = await store.resume(testRunId(number));
    if (log.isErr()) throw new Error(`the run cannot be taken over: ${log.error.kind}`, { cause: log.error });
    const { manifest } = log.value;
    const { exporters = [], gates = [], logger } = options;
    const tapped = tap === undefined ? log.value : tap(log.value);
    const handle = await resumeRun(definition, tapped, hostOf(clock, logger), { exporters, gates, force, retryFailed });
    if (handle.isErr())
      throw new Error(`the run cannot be gone on with: ${handle.error.kind}`, { cause: handle.error });
    return new FlowRun({ definition, manifest, store, clock, handle: handle.value });
  }

  /** Runs it to its end. */
  run(): Promise<RunReport> {
    return this.handle.run();
  }

  /**
   * Lets time pass, from one timer to the next, until the figures are as they should be, and gives them. Throws if the run
   * ends before that, waits for something else than time, or `withinMs` milliseconds have passed, a minute by default. A run
   * that never waits is to be held by an `EdgeGate`.
   */
  async untilMetrics(
    holds: (figures: MetricsSnapshot) => boolean,
    { withinMs = 60_000 }: { readonly withinMs?: number } = {},
  ): Promise<MetricsSnapshot> {
    const { clock, handle } = this;
    const deadlineMs = clock.now() + withinMs;
    for (;;) {
      await clock.idle();
      const figures = handle.metrics();
      if (holds(figures)) return figures;
      const { nextMs } = clock;
      const why = !handle.isRunning
        ? "the run is not running"
        : nextMs === undefined
          ? "the run waits for something else than time"
          : nextMs > deadlineMs
            ? `${withinMs} ms have passed`
            : undefined;
      if (why !== undefined) throw new Error(`the figures are not as they should be, and ${why}`);
      clock.advance((nextMs as number) - clock.now());
    }
  }

  /** What is on record of it by now. */
  async recorded(): Promise<RecordedRun> {
    const reader = await this.#store.open(this.manifest.runId);
    if (reader.isErr()) throw new Error("the run cannot be opened", { cause: reader.error });
    return readRun(reader.value);
  }
}

/** A flow that was run to its end, and what is on record of it. */
export interface FinishedRun {
  readonly report: RunReport;
  readonly recorded: RecordedRun;
}

/** Runs a flow to its end, and reads what is on record of it. */
export async function runFlow(flow: Flow, options: FlowRunOptions): Promise<FinishedRun> {
  const run = await FlowRun.open(flow, options);
  const report = await run.run();
  return { report, recorded: await run.recorded() };
}

/** What is replayed of a run, and how: see `ReplayOptions` of `@refold/runtime`. */
export interface FlowReplayOptions extends Pick<
  ReplayOptions,
  "until" | "speed" | "signal" | "stage" | "cascade" | "breakAt" | "progress"
> {
  /** Keeps the recorded run, and takes the candidate. */
  readonly store: RunStore;
  /** The number of the recorded run; the candidate's is `into`. */
  readonly number?: number;
  readonly into?: number;
  /** A clock that stands still at the time of the run, unless another is given. */
  readonly clock?: ManualClock;
}

/** A replay and the run that it computed. */
export interface FinishedReplay {
  readonly report: ReplayReport;
  readonly recorded: RecordedRun;
}

/** Replays a run of {@link runFlow} through a flow. Throws if the replay is refused. */
export async function replayFlow(flow: Flow, options: FlowReplayOptions): Promise<FinishedReplay> {
  const { store, number = 1, into = number + 1, clock, ...asked } = options;
  const definition = builtFlow(flow);
  const reader = await store.open(testRunId(number));
  if (reader.isErr()) throw new Error("the run cannot be opened", { cause: reader.error });
  const { manifest } = reader.value;
  const { createdAtMs, durability } = manifest;
  const candidate = describeRun(definition, { runId: testRunId(into), createdAtMs, durability, replays: manifest });
  const report = await replayRun({
    ...asked,
    recorded: reader.value,
    definition,
    into: await created(store, candidate),
    host: hostOf(clock ?? new ManualClock(createdAtMs)),
  });
  if (report.isErr()) throw new Error(`the replay was refused: ${report.error.kind}`, { cause: report.error });
  const computed = await store.open(candidate.runId);
  if (computed.isErr()) throw new Error("the candidate cannot be opened", { cause: computed.error });
  return { report: report.value, recorded: await readRun(computed.value) };
}

/** The definition of a flow. Throws if it cannot be built. */
function builtFlow(flow: Flow): FlowDefinition {
  const built = flow.build();
  if (built.isErr()) throw new Error(built.error.map(explainFlowFault).join("\n"), { cause: built.error });
  return built.value;
}

/** What is set in code, the later the stronger. */
function resolved(configurations: readonly Configuration[], { topology }: FlowDefinition): ResolvedConfiguration {
  const settings = resolveConfiguration({ layers: configurations.map((each) => codeLayer(each)), topology });
  if (settings.isErr()) throw new Error(settings.error.map(explainConfigurationFault).join("\n"));
  return settings.value;
}

async function created(store: RunStore, manifest: RunManifest): Promise<RunLog> {
  const log = await store.create(manifest);
  if (log.isErr()) throw new Error("the run cannot be kept", { cause: log.error });
  return log.value;
}

function hostOf(clock: ManualClock, logger?: Logger): RunHost {
  const abortController = (): AbortController => new AbortController();
  return { clock, abortController, runtime: "test", refold: "0.0.0", ...(logger === undefined ? {} : { logger }) };
}
