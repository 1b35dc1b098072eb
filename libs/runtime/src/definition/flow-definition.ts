import type { EventType, LaneId, SinkConnector, SourceExtent, TypeId } from "@refold/core";
import type { Topology } from "@refold/topology";

import type { OpenSource } from "./opened-source.ts";
import type { RetrySettings } from "./retry-settings.ts";
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

export interface SourceDefinition extends Named {
  readonly kind: "source";
  readonly type: TypeId;
  readonly open: OpenSource;
  readonly extent: SourceExtent;
  readonly retry: RetrySettings;
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
}
