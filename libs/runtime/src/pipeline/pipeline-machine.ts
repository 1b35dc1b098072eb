import { machine, type Machine } from "@refold/fsm";

import type { StageFault } from "../stage/stage-fault.ts";

/** The stages that have not ended. */
export interface Stages {
  readonly sources: readonly string[];
  readonly others: readonly string[];
}

/** Somebody wants the run to end early. The first reason stays; only the deadline's own takes its place. */
export interface StopIntent {
  readonly reason: string;
  /** Milliseconds since 1970. A later stop does not move it. */
  readonly deadlineMs: number;
}

interface Live {
  readonly stages: Stages;
  /** Set when the run is draining because it was told to stop. */
  readonly stop: StopIntent | undefined;
}

/** Where a run stands. Lists name the stages that are still awaited. */
export type PipelineState =
  | { readonly kind: "created" }
  | { readonly kind: "materializing" }
  | { readonly kind: "materialized"; readonly notReady: readonly string[]; readonly stages: Stages }
  | { readonly kind: "ready"; readonly stages: Stages }
  | ({ readonly kind: "running"; readonly paused: boolean } & Live)
  | ({ readonly kind: "source-completed" } & Live)
  | ({ readonly kind: "draining" } & Live)
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly fault: StageFault }
  /** `overdue`: the deadline of a stop had passed. */
  | { readonly kind: "cancelled"; readonly reason: string; readonly overdue: boolean };

export type PipelineEvent =
  | { readonly kind: "materialize" }
  | ({ readonly kind: "materialized" } & Stages)
  | { readonly kind: "stage-ready"; readonly stage: string }
  | { readonly kind: "run" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "stage-drained"; readonly stage: string }
  | { readonly kind: "stage-cancelled"; readonly stage: string; readonly reason: string }
  | { readonly kind: "begin-drain" }
  | { readonly kind: "stop-gracefully"; readonly reason: string; readonly deadlineMs: number }
  | { readonly kind: "stop-timed-out" }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "fail"; readonly fault: StageFault };

export type PipelineAction =
  | { readonly kind: "start-stages"; readonly which: "sources" | "others" }
  | { readonly kind: "pause-sources" }
  | { readonly kind: "resume-sources" }
  | { readonly kind: "drain-sources" }
  | { readonly kind: "arm-deadline"; readonly deadlineMs: number }
  | { readonly kind: "shut-down"; readonly reason: string; readonly overdue: boolean };

const without = (names: readonly string[], name: string): readonly string[] => names.filter((other) => other !== name);

const withoutStage = ({ sources, others }: Stages, stage: string): Stages => ({
  sources: without(sources, stage),
  others: without(others, stage),
});

const noneLeft = ({ sources, others }: Stages): boolean => sources.length === 0 && others.length === 0;

const cancelled = (reason: string, overdue: boolean = false) =>
  ({ state: { kind: "cancelled", reason, overdue } }) as const;

/** What a run has come to whose stages have all ended. */
const ended = (stop: StopIntent | undefined) =>
  stop === undefined ? ({ state: { kind: "drained" } } as const) : cancelled(stop.reason);

const firstStop = (
  stop: StopIntent | undefined,
  event: Extract<PipelineEvent, { kind: "stop-gracefully" }>,
): StopIntent => stop ?? { reason: event.reason, deadlineMs: event.deadlineMs };

const armed = (before: StopIntent | undefined, after: StopIntent): readonly PipelineAction[] =>
  before === undefined ? [{ kind: "arm-deadline", deadlineMs: after.deadlineMs }] : [];

/** The machine of the pipeline supervisor: one run, from its creation to its end. */
export const pipelineMachine = (): Machine<PipelineState, PipelineEvent, PipelineAction> =>
  machine<PipelineState, PipelineEvent, PipelineAction>("pipeline", { kind: "created" })
    .any("fail", "failed", (_, { fault }) => ({ state: { kind: "failed", fault } }))
    .any("cancel", "cancelled", (state, { reason }) =>
      cancelled("stop" in state && state.stop !== undefined ? state.stop.reason : reason),
    )
    // What has not begun to flow has nothing to drain.
    .any("stop-gracefully", "cancelled", (_, { reason }) => cancelled(reason))
    .any("stage-cancelled", "failed", (_, { stage, reason }) => ({
      state: { kind: "failed", fault: { code: "unexpected", stage, message: `the stage was cancelled: ${reason}` } },
    }))
    .anyIgnore(
      "materialize",
      "materialized",
      "stage-ready",
      "run",
      "pause",
      "resume",
      "stage-drained",
      "begin-drain",
      "stop-timed-out",
    )
    .state("created", (s) => s.on("materialize", "materializing").exhaustive())
    .state("materializing", (s) =>
      s
        // Of a run that is gone on with, every stage may have come to its end before.
        .on("materialized", ["materialized", "drained"], (_, { sources, others }) =>
          noneLeft({ sources, others })
            ? { state: { kind: "drained" } }
            : {
                state: { kind: "materialized", notReady: [...sources, ...others], stages: { sources, others } },
                actions: [{ kind: "start-stages", which: "others" }],
              },
        )
        .exhaustive(),
    )
    .state("materialized", (s) =>
      s
        .on("stage-ready", ["materialized", "ready"], ({ notReady, stages }, { stage }) => {
          const rest = without(notReady, stage);
          return {
            state: rest.length > 0 ? { kind: "materialized", notReady: rest, stages } : { kind: "ready", stages },
          };
        })
        // Of a run that is gone on with, a stage may have nothing left to wait for.
        .stay("stage-drained", (state, { stage }) => ({
          state: { ...state, stages: withoutStage(state.stages, stage) },
        }))
        .exhaustive(),
    )
    .state("ready", (s) =>
      s
        .on("run", ["running", "source-completed"], ({ stages }) =>
          stages.sources.length === 0
            ? { state: { kind: "source-completed", stages, stop: undefined } }
            : {
                state: { kind: "running", paused: false, stages, stop: undefined },
                actions: [{ kind: "start-stages", which: "sources" }],
              },
        )
        .stay("stage-drained", (state, { stage }) => ({
          state: { ...state, stages: withoutStage(state.stages, stage) },
        }))
        .exhaustive(),
    )
    .state("running", (s) =>
      s
        .on("stage-drained", ["running", "source-completed"], ({ stages, ...rest }, { stage }) => {
          const left = withoutStage(stages, stage);
          if (left.sources.length > 0) return { state: { ...rest, stages: left } };
          return { state: { kind: "source-completed", stages: left, stop: rest.stop } };
        })
        .stay("pause", (state) =>
          state.paused || state.stop !== undefined
            ? {}
            : { state: { ...state, paused: true }, actions: [{ kind: "pause-sources" }] },
        )
        .stay("resume", (state) =>
          state.paused ? { state: { ...state, paused: false }, actions: [{ kind: "resume-sources" }] } : {},
        )
        .stay("stop-gracefully", (state, event) => {
          if (state.stop !== undefined) return {};
          const stop = firstStop(state.stop, event);
          return { state: { ...state, stop }, actions: [{ kind: "drain-sources" }, ...armed(state.stop, stop)] };
        })
        .on("stop-timed-out", "cancelled", timedOut)
        .exhaustive(),
    )
    .state("source-completed", (s) =>
      s
        .on("begin-drain", ["draining", "drained", "cancelled"], (state) =>
          noneLeft(state.stages) ? ended(state.stop) : { state: { ...state, kind: "draining" } },
        )
        .stay("stop-gracefully", (state, event) => {
          const stop = firstStop(state.stop, event);
          return { state: { ...state, stop }, actions: armed(state.stop, stop) };
        })
        .on("stop-timed-out", "cancelled", timedOut)
        .exhaustive(),
    )
    .state("draining", (s) =>
      s
        .on("stage-drained", ["draining", "drained", "cancelled"], ({ stop, ...state }, { stage }) => {
          const stages = withoutStage(state.stages, stage);
          return noneLeft(stages) ? ended(stop) : { state: { ...state, stop, stages } };
        })
        .stay("stop-gracefully", (state, event) => {
          const stop = firstStop(state.stop, event);
          return { state: { ...state, stop }, actions: armed(state.stop, stop) };
        })
        .on("stop-timed-out", "cancelled", timedOut)
        .exhaustive(),
    )
    .final("drained")
    .final("failed", (s) =>
      s.entry(({ fault }) => [{ kind: "shut-down", reason: `the run failed in ${fault.stage}`, overdue: false }]),
    )
    .final("cancelled", (s) => s.entry(({ reason, overdue }) => [{ kind: "shut-down", reason, overdue }]))
    .buildOrThrow();

function timedOut({ stop }: Live) {
  return cancelled(`stop_timeout${stop === undefined ? "" : ` (${stop.reason})`}`, true);
}
