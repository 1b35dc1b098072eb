import type { EventType, FlushPolicy, LaneId, SinkConnector, TypeId } from "@refold/core";
import type { Topology } from "@refold/topology";

import type { StageProgram } from "../step/stage-program.ts";

/** A flow, checked and ready to run any number of times. */
export interface FlowDefinition {
  readonly name: string;
  readonly topology: Topology;
  /** In the order declared; the lane of each is its index + 1. */
  readonly stages: readonly StageDefinition[];
  /** By their id. */
  readonly types: readonly EventType<unknown>[];
}

export type StageDefinition = SourceDefinition | PureDefinition | SinkDefinition;

interface Named {
  readonly name: string;
  readonly lane: LaneId;
  /** A digest of the source text of the author's functions. */
  readonly fingerprint: string;
}

/** What a source's items are read from. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

export interface SourceDefinition extends Named {
  readonly kind: "source";
  readonly type: TypeId;
  readonly open: () => Items<unknown> | Promise<Items<unknown>>;
  /** How many items the source is declared to have, where it is. */
  readonly expected: number | undefined;
}

export interface PureDefinition extends Named {
  readonly kind: "transform" | "stateful";
  readonly type: TypeId;
  readonly upstream: readonly LaneId[];
  /** Those upstream lanes that close a cycle which is entered here. */
  readonly backward: readonly LaneId[];
  /** A program with a state of its own. */
  readonly program: () => StageProgram;
}

export interface SinkDefinition extends Named {
  readonly kind: "sink";
  readonly upstream: readonly LaneId[];
  readonly connector: SinkConnector<unknown>;
  readonly flush: FlushPolicy;
}
