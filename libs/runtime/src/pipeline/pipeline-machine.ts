import { machine, type Machine } from "@refold/fsm";

import type { StageFault } from "../stage/stage-fault.ts";

/** Where a run stands. Lists name the stages that are still awaited. */
export type PipelineState =
  | { readonly kind: "created" }
  | { readonly kind: "materializing" }
  | { readonly kind: "materialized"; readonly notReady: readonly string[]; readonly stages: Stages }
  | { readonly kind: "ready"; readonly stages: Stages }
  | { readonly kind: "running"; readonly stages: Stages }
  | { readonly kind: "source-completed"; readonly stages: Stages }
  | { readonly kind: "draining"; readonly stages: Stages }
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly fault: StageFault }
  | { readonly kind: "cancelled"; readonly reason: string };

/** The stages that have not ended. */
export interface Stages {
  readonly sources: readonly string[];
  readonly others: readonly string[];
}

export type PipelineEvent =
  | { readonly kind: "materialize" }
  | ({ readonly kind: "materialized" } & Stages)
  | { readonly kind: "stage-ready"; readonly stage: string }
  | { readonly kind: "run" }
  | { readonly kind: "stage-drained"; readonly stage: string }
  | { readonly kind: "stage-cancelled"; readonly stage: string; readonly reason: string }
  | { readonly kind: "begin-drain" }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "fail"; readonly fault: StageFault };

export type PipelineAction =
  | { readonly kind: "start-stages"; readonly which: "sources" | "others" }
  | { readonly kind: "shut-down"; readonly reason: string };

const without = (names: readonly string[], name: string): readonly string[] => names.filter((other) => other !== name);
const ended = ({ sources, others }: Stages, stage: string): Stages => ({
  sources: without(sources, stage),
  others: without(others, stage),
});
const noneLeft = ({ sources, others }: Stages): boolean => sources.length === 0 && others.length === 0;

/** The machine of the pipeline supervisor: one run, from its creation to its end. */
export const pipelineMachine = (): Machine<PipelineState, PipelineEvent, PipelineAction> =>
  machine<PipelineState, PipelineEvent, PipelineAction>("pipeline", { kind: "created" })
    .any("fail", "failed", (_, { fault }) => ({ state: { kind: "failed", fault } }))
    .any("cancel", "cancelled", (_, { reason }) => ({ state: { kind: "cancelled", reason } }))
    .any("stage-cancelled", "failed", (_, { stage, reason }) => ({
      state: { kind: "failed", fault: { code: "unexpected", stage, message: `the stage was cancelled: ${reason}` } },
    }))
    .anyIgnore("materialize", "run", "stage-ready")
    .state("created", (s) => s.on("materialize", "materializing"))
    .state("materializing", (s) =>
      s.on("materialized", "materialized", (_, { sources, others }) => ({
        state: { kind: "materialized", notReady: [...sources, ...others], stages: { sources, others } },
        actions: [{ kind: "start-stages", which: "others" }],
      })),
    )
    .state("materialized", (s) =>
      s.on("stage-ready", ["materialized", "ready"], ({ notReady, stages }, { stage }) => {
        const rest = without(notReady, stage);
        return {
          state: rest.length > 0 ? { kind: "materialized", notReady: rest, stages } : { kind: "ready", stages },
        };
      }),
    )
    .state("ready", (s) =>
      s.on("run", "running", ({ stages }) => ({
        state: { kind: "running", stages },
        actions: [{ kind: "start-stages", which: "sources" }],
      })),
    )
    .state("running", (s) =>
      s.on("stage-drained", ["running", "source-completed"], (state, { stage }) => {
        const stages = ended(state.stages, stage);
        return { state: { kind: stages.sources.length > 0 ? "running" : "source-completed", stages } };
      }),
    )
    .state("source-completed", (s) =>
      s.on("begin-drain", "draining", ({ stages }) => ({ state: { kind: "draining", stages } })),
    )
    .state("draining", (s) =>
      s.on("stage-drained", ["draining", "drained"], (state, { stage }) => {
        const stages = ended(state.stages, stage);
        return { state: noneLeft(stages) ? { kind: "drained" } : { kind: "draining", stages } };
      }),
    )
    .final("drained")
    .final("failed", (s) => s.entry(({ fault }) => [{ kind: "shut-down", reason: `the run failed in ${fault.stage}` }]))
    .final("cancelled", (s) => s.entry(({ reason }) => [{ kind: "shut-down", reason }]))
    .buildOrThrow();
