import type { EndKind, SourceExtent } from "@refold/core";
import { machine, type Machine } from "@refold/fsm";

import type { StageFault } from "./stage-fault.ts";

/** States that a stage of any kind ends in. */
export type StageEndState =
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly fault: StageFault }
  | { readonly kind: "cancelled"; readonly reason: string };

type Beginning = { readonly kind: "created" } | { readonly kind: "initialized" };
type Draining = { readonly kind: "draining"; readonly end: EndKind };

export type SourceState =
  | Beginning
  | { readonly kind: "waiting-for-gun" }
  | { readonly kind: "running" }
  | { readonly kind: "paused" }
  | Draining
  | StageEndState;

export type TransformState = Beginning | { readonly kind: "running" } | Draining | StageEndState;

/** `emitting`: it takes no inputs before the rest of an emission has found credit. */
export type StatefulState =
  Beginning | { readonly kind: "accumulating" } | { readonly kind: "emitting" } | Draining | StageEndState;

/** A join that reads its references first is `hydrating`, then `enriching`; one that reads all at once is `live`. */
export type JoinState =
  | Beginning
  | { readonly kind: "hydrating" }
  | { readonly kind: "enriching" }
  | { readonly kind: "live" }
  | Draining
  | StageEndState;

export type SinkState =
  | Beginning
  | { readonly kind: "running" }
  | { readonly kind: "flushing" }
  | { readonly kind: "draining" }
  | StageEndState;

/** `quarantined`: what it called threw. It reads on to the end and is shown nothing. */
export type ObserverState =
  | Beginning
  | { readonly kind: "running" }
  | { readonly kind: "quarantined"; readonly fault: StageFault }
  | Draining
  | StageEndState;

/** What happens to a stage of any kind. */
export type LifecycleEvent =
  | { readonly kind: "initialize" }
  | { readonly kind: "start" }
  | { readonly kind: "drained" }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "fail"; readonly fault: StageFault };

export type SourceEvent =
  | LifecycleEvent
  | { readonly kind: "arm" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "begin-drain" }
  | { readonly kind: "exhausted" };
export type PureEvent = LifecycleEvent | { readonly kind: "inputs-ended"; readonly end: EndKind };
export type StatefulEvent = PureEvent | { readonly kind: "emission-begun" } | { readonly kind: "emitted" };
export type JoinEvent = PureEvent | { readonly kind: "hydrated" };
export type SinkEvent = PureEvent | { readonly kind: "flushed" };

export type ObserverEvent = PureEvent | { readonly kind: "quarantine"; readonly fault: StageFault };

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
const draining = <E extends { readonly end: EndKind }>(_: unknown, { end }: E) => ({
  state: { kind: "draining", end } as const,
});

export const sourceMachine = (
  name: string,
  extent: SourceExtent = "finite",
): Machine<SourceState, SourceEvent, ResourceAction> => {
  // What a finite source that is drained early has read so far is only part of its input; an infinite one ends in no other way.
  const cutShort = () => ({ state: { kind: "draining", end: extent === "finite" ? "truncated" : "natural" } as const });
  return machine<SourceState, SourceEvent, ResourceAction>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "arm", "start", "pause", "resume", "begin-drain", "exhausted", "drained")
    .state("created", (s) => s.on("initialize", "initialized").exhaustive())
    .state("initialized", (s) => s.on("arm", "waiting-for-gun").exhaustive())
    .state("waiting-for-gun", (s) =>
      s
        .on("start", "running", () => ({ actions: [open] }))
        .on("begin-drain", "draining", cutShort)
        .exhaustive(),
    )
    .state("running", (s) =>
      s
        .on("exhausted", "draining", () => ({ state: { kind: "draining", end: "natural" } }))
        .on("begin-drain", "draining", cutShort)
        .on("pause", "paused")
        .exhaustive(),
    )
    .state("paused", (s) => s.on("resume", "running").on("begin-drain", "draining", cutShort).exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained", (s) => s.entry(() => [release]))
    .final("failed", (s) => s.entry(() => [release]))
    .final("cancelled", (s) => s.entry(() => [release]))
    .buildOrThrow();
};

const transforming = (
  name: string,
  atEnd: readonly ResourceAction[],
): Machine<TransformState, PureEvent, ResourceAction> =>
  machine<TransformState, PureEvent, ResourceAction>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "start", "inputs-ended", "drained")
    .state("created", (s) => s.on("initialize", "initialized").exhaustive())
    .state("initialized", (s) => s.on("start", "running").exhaustive())
    .state("running", (s) => s.on("inputs-ended", "draining", draining).exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained", (s) => s.entry(() => atEnd))
    .final("failed", (s) => s.entry(() => atEnd))
    .final("cancelled", (s) => s.entry(() => atEnd))
    .buildOrThrow();

export const transformMachine = (name: string): Machine<TransformState, PureEvent, ResourceAction> =>
  transforming(name, []);

/** Moves as a transform does, and gives up what it holds of the outside when it has ended. */
export const effectfulMachine = (name: string): Machine<TransformState, PureEvent, ResourceAction> =>
  transforming(name, [release]);

export const statefulMachine = (name: string): Machine<StatefulState, StatefulEvent> =>
  machine<StatefulState, StatefulEvent>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "start", "emission-begun", "emitted", "inputs-ended", "drained")
    .state("created", (s) => s.on("initialize", "initialized").exhaustive())
    .state("initialized", (s) => s.on("start", "accumulating").exhaustive())
    .state("accumulating", (s) =>
      s.on("emission-begun", "emitting").on("inputs-ended", "draining", draining).exhaustive(),
    )
    .state("emitting", (s) => s.on("emitted", "accumulating").exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained")
    .final("failed")
    .final("cancelled")
    .buildOrThrow();

export const joinMachine = (name: string, hydrates: boolean): Machine<JoinState, JoinEvent> =>
  machine<JoinState, JoinEvent>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "start", "hydrated", "inputs-ended", "drained")
    .state("created", (s) => s.on("initialize", "initialized").exhaustive())
    .state("initialized", (s) =>
      s.on("start", ["hydrating", "live"], () => ({ state: { kind: hydrates ? "hydrating" : "live" } })).exhaustive(),
    )
    .state("hydrating", (s) => s.on("hydrated", "enriching").on("inputs-ended", "draining", draining).exhaustive())
    .state("enriching", (s) => s.on("inputs-ended", "draining", draining).exhaustive())
    .state("live", (s) => s.on("inputs-ended", "draining", draining).exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained")
    .final("failed")
    .final("cancelled")
    .buildOrThrow();

export const sinkMachine = (name: string): Machine<SinkState, SinkEvent, ResourceAction> =>
  machine<SinkState, SinkEvent, ResourceAction>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "start", "inputs-ended", "flushed", "drained")
    .state("created", (s) => s.on("initialize", "initialized", () => ({ actions: [open] })).exhaustive())
    .state("initialized", (s) => s.on("start", "running").exhaustive())
    .state("running", (s) => s.on("inputs-ended", "flushing").exhaustive())
    .state("flushing", (s) => s.on("flushed", "draining").exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained")
    .final("failed", (s) => s.entry(() => [release]))
    .final("cancelled", (s) => s.entry(() => [release]))
    .buildOrThrow();

export const observerMachine = (name: string): Machine<ObserverState, ObserverEvent> =>
  machine<ObserverState, ObserverEvent>(name, { kind: "created" })
    .any("fail", "failed", failed)
    .any("cancel", "cancelled", cancelled)
    .anyIgnore("initialize", "start", "quarantine", "inputs-ended", "drained")
    .state("created", (s) => s.on("initialize", "initialized").exhaustive())
    .state("initialized", (s) => s.on("start", "running").exhaustive())
    .state("running", (s) =>
      s
        .on("quarantine", "quarantined", (_, { fault }) => ({ state: { kind: "quarantined", fault } }))
        .on("inputs-ended", "draining", draining)
        .exhaustive(),
    )
    .state("quarantined", (s) => s.on("inputs-ended", "draining", draining).exhaustive())
    .state("draining", (s) => s.on("drained", "drained").exhaustive())
    .final("drained")
    .final("failed")
    .final("cancelled")
    .buildOrThrow();
