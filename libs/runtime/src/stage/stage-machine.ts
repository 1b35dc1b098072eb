import type { EndKind } from "@refold/core";
import { machine, type Machine } from "@refold/fsm";

import type { StageFault } from "./stage-fault.ts";

/** States that a stage of any kind ends in. */
export type StageEndState =
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly fault: StageFault }
  | { readonly kind: "cancelled"; readonly reason: string };

type Beginning = { readonly kind: "created" } | { readonly kind: "initialized" };

export type SourceState =
  | Beginning
  | { readonly kind: "waiting-for-gun" }
  | { readonly kind: "running" }
  | { readonly kind: "draining" }
  | StageEndState;

export type TransformState =
  Beginning | { readonly kind: "running" } | { readonly kind: "draining"; readonly end: EndKind } | StageEndState;

export type StatefulState =
  Beginning | { readonly kind: "accumulating" } | { readonly kind: "draining"; readonly end: EndKind } | StageEndState;

export type SinkState =
  | Beginning
  | { readonly kind: "running" }
  | { readonly kind: "flushing" }
  | { readonly kind: "draining" }
  | StageEndState;

/** What happens to a stage of any kind. */
export type LifecycleEvent =
  | { readonly kind: "initialize" }
  | { readonly kind: "start" }
  | { readonly kind: "drained" }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "fail"; readonly fault: StageFault };

export type SourceEvent = LifecycleEvent | { readonly kind: "arm" } | { readonly kind: "exhausted" };
export type PureEvent = LifecycleEvent | { readonly kind: "inputs-ended"; readonly end: EndKind };
export type SinkEvent = PureEvent | { readonly kind: "flushed" };

/** What the supervisor of a stage with outside resources performs. */
export type ResourceAction = { readonly kind: "open" } | { readonly kind: "release" };

const open: ResourceAction = { kind: "open" };
const release: ResourceAction = { kind: "release" };
const failed = <E extends { readonly fault: StageFault }>(_: unknown, { fault }: E) => ({
  state: { kind: "failed", fault } as const,
});
const cancelled = <E extends { readonly reason: string }>(_: unknown, { reason }: E) => ({
  state: { kind: "cancelled", reason } as const,
});

export const sourceMachine = (name: string): Machine<SourceState, SourceEvent, ResourceAction> =>
  machine<SourceState, SourceEvent, ResourceAction>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .state("created", (s) => s.on("initialize", "initialized"))
    .state("initialized", (s) => s.on("arm", "waiting-for-gun"))
    .state("waiting-for-gun", (s) => s.on("start", "running", () => ({ actions: [open] })))
    .state("running", (s) => s.on("exhausted", "draining"))
    .state("draining", (s) => s.on("drained", "drained"))
    .final("drained")
    .final("failed", (s) => s.entry(() => [release]))
    .final("cancelled", (s) => s.entry(() => [release]))
    .buildOrThrow();

export const transformMachine = (name: string): Machine<TransformState, PureEvent> =>
  machine<TransformState, PureEvent>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .state("created", (s) => s.on("initialize", "initialized"))
    .state("initialized", (s) => s.on("start", "running"))
    .state("running", (s) => s.on("inputs-ended", "draining", (_, { end }) => ({ state: { kind: "draining", end } })))
    .state("draining", (s) => s.on("drained", "drained"))
    .final("drained")
    .final("failed")
    .final("cancelled")
    .buildOrThrow();

export const statefulMachine = (name: string): Machine<StatefulState, PureEvent> =>
  machine<StatefulState, PureEvent>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .state("created", (s) => s.on("initialize", "initialized"))
    .state("initialized", (s) => s.on("start", "accumulating"))
    .state("accumulating", (s) =>
      s.on("inputs-ended", "draining", (_, { end }) => ({ state: { kind: "draining", end } })),
    )
    .state("draining", (s) => s.on("drained", "drained"))
    .final("drained")
    .final("failed")
    .final("cancelled")
    .buildOrThrow();

export const sinkMachine = (name: string): Machine<SinkState, SinkEvent, ResourceAction> =>
  machine<SinkState, SinkEvent, ResourceAction>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .state("created", (s) => s.on("initialize", "initialized", () => ({ actions: [open] })))
    .state("initialized", (s) => s.on("start", "running"))
    .state("running", (s) => s.on("inputs-ended", "flushing"))
    .state("flushing", (s) => s.on("flushed", "draining"))
    .state("draining", (s) => s.on("drained", "drained"))
    .final("drained")
    .final("failed", (s) => s.entry(() => [release]))
    .final("cancelled", (s) => s.entry(() => [release]))
    .buildOrThrow();
