import type { EventType, FlushPolicy, LaneId, SinkConnector, SourceExtent, TypeId } from "@refold/core";
import type { Topology } from "@refold/topology";

import type { EffectfulHandling } from "../effect/input-handling.ts";
import type { Takes } from "../edge/record-view.ts";
import type { ObserverHandlers } from "../stage/observer-handlers.ts";
import type { OpenSource } from "./opened-source.ts";
import type { PolicySpec } from "../policy/policy-spec.ts";
import type { RetrySettings } from "./retry-settings.ts";
import type { LifecycleObserver } from "../pipeline/lifecycle-observers.ts";
import type { StageProgram } from "../step/stage-program.ts";
import type { Placeholder } from "./placeholder.ts";

/** A flow, checked and ready to run any number of times. */
export interface FlowDefinition {
  readonly name: string;
  readonly topology: Topology;
  /** In the order declared; the lane of each is its index + 1. */
  readonly stages: readonly StageDefinition[];
  /** Those who see the transitions of the whole run. They are no stages. */
  readonly observers: readonly LifecycleObserver[];
  /** By their id. */
  readonly types: readonly EventType<unknown>[];
  /** What is not written yet, a row for each reason. A run of a flow that has any is refused. */
  readonly placeholders: readonly Placeholder[];
}

export type StageDefinition =
  SourceDefinition | PureDefinition | EffectfulDefinition | SinkDefinition | ObserverDefinition;

interface Named {
  readonly name: string;
  readonly lane: LaneId;
  /** A digest of the source text of the author's functions. */
  readonly fingerprint: string;
}

export interface SourceDefinition extends Named {
  readonly kind: "source";
  readonly type: TypeId;
  readonly open: OpenSource;
  readonly extent: SourceExtent;
  readonly retry: RetrySettings;
  /** What guards its polls. */
  readonly policies: readonly PolicySpec[];
  /** How many items the source is declared to have, where it is. */
  readonly expected: number | undefined;
}

/** What a stage reads of one upstream lane. */
export interface InputDefinition {
  readonly from: LaneId;
  readonly takes: Takes;
  /** Whether it closes a cycle that is entered here. */
  readonly backward: boolean;
  /** Of a join: which of its references this is, counted from 0; `undefined` for its stream. */
  readonly reference: number | undefined;
}

/** A stage that reads others. */
export interface ReaderDefinition extends Named {
  readonly inputs: readonly InputDefinition[];
  /** The event time by which several inputs are merged; without it they are taken in turn. */
  readonly orderBy: ((payload: unknown) => number) | undefined;
}

export interface PureDefinition extends ReaderDefinition {
  readonly kind: "transform" | "stateful" | "join";
  /** The types of what it emits, by port. */
  readonly types: readonly TypeId[];
  /** Of a join: whether its references are read to their end before its stream. */
  readonly hydrates: boolean;
  /** A program with a state of its own. The inputs are those of the definition, by the lanes that they have in the run. */
  readonly program: (inputs: readonly InputDefinition[]) => StageProgram;
}

/** A stage whose handler may call the outside, by the effects that it declares. */
export interface EffectfulDefinition extends ReaderDefinition {
  readonly kind: "effectful";
  readonly types: readonly TypeId[];
  readonly handling: EffectfulHandling;
}

export interface SinkDefinition extends ReaderDefinition {
  readonly kind: "sink";
  readonly connector: SinkConnector<unknown>;
  readonly flush: FlushPolicy;
  /** What guards its writes. */
  readonly policies: readonly PolicySpec[];
}

export interface ObserverDefinition extends ReaderDefinition {
  readonly kind: "observer";
  readonly handlers: ObserverHandlers;
}

/**
 * Whether a stage gives what follows from its inputs, and so can be computed again. What comes from outside, or goes there, is only
 * on record; so is what looks on.
 */
export function isComputed(stage: StageDefinition): stage is PureDefinition | EffectfulDefinition {
  return stage.kind !== "source" && stage.kind !== "sink" && stage.kind !== "observer";
}

/** What a stage reads; nothing, if it is a source. */
export function inputsOf(stage: StageDefinition): readonly InputDefinition[] {
  return stage.kind === "source" ? [] : stage.inputs;
}

/**
 * The upstream lanes of a pure stage whose errors it hands on. An aggregate leaves them out, as it does not stand for any one
 * input; so does a join those of its references, as its readers get what becomes of its stream. Those that have come round a
 * cycle end where it is entered: no handler ever stops them, so they would go round for good.
 */
export function errorsFrom(
  kind: (PureDefinition | EffectfulDefinition)["kind"],
  inputs: readonly InputDefinition[],
): ReadonlySet<LaneId> {
  if (kind === "stateful") return new Set();
  return new Set(
    inputs.filter(({ reference, backward }) => reference === undefined && !backward).map(({ from }) => from),
  );
}

/** The types of what a stage emits, by port. */
export function outputTypes(stage: StageDefinition): readonly TypeId[] {
  switch (stage.kind) {
    case "source":
      return [stage.type];
    case "transform":
    case "stateful":
    case "join":
    case "effectful":
      return stage.types;
    case "sink":
    case "observer":
      return [];
  }
}
