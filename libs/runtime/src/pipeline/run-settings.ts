import type { ContractRecord } from "@refold/core";

/** What a violated contract does. */
export type ContractMode = "abort" | "warn" | "off";

export type ContractName = ContractRecord["contract"];

/** How much may be on its way along one edge. */
export interface FlowControlSettings {
  /** `enforce`: the writer waits for credit. `track`: credit is counted, and only the hard limit holds. `off`: as `track`, but not shown. */
  readonly mode: "off" | "track" | "enforce";
  readonly windowRecords: number;
  readonly windowBytes: number;
  /** A writer that waits for an edge without progress for so long fails. Infinity: it waits for ever. */
  readonly stallTimeoutMs: number;
}

export interface EdgeSettings {
  readonly flowControl: FlowControlSettings;
  readonly contracts: Readonly<Record<ContractName, ContractMode>>;
}

export interface LivenessSettings {
  readonly tickMs: number;
  readonly idleMs: number;
  readonly suspectMs: number;
  readonly stalledMs: number;
}

/** What a run is told to do, once for all. */
export interface RunSettings {
  edge(ends: { readonly from: string; readonly to: string }): EdgeSettings;
  /** The most inputs of one step of a stage; for a sink, of one write. */
  stepInputs(stage: string): number;
  readonly liveness: LivenessSettings;
  readonly shutdownTimeoutMs: number;
  /** How often exporters get a snapshot. */
  readonly metricsIntervalMs: number;
  /** How many commands a handle may have waiting. */
  readonly controlCapacity: number;
}

const DEFAULT_EDGE: EdgeSettings = {
  flowControl: {
    mode: "enforce",
    windowRecords: 4096,
    windowBytes: 16 * 1024 * 1024,
    stallTimeoutMs: 120_000,
  },
  contracts: { transport: "abort", source: "abort", delivery: "abort", divergence: "abort", schema: "off" },
};

export const DEFAULT_SETTINGS: RunSettings = {
  edge: () => DEFAULT_EDGE,
  stepInputs: () => 256,
  liveness: { tickMs: 2000, idleMs: 6000, suspectMs: 30_000, stalledMs: 120_000 },
  shutdownTimeoutMs: 30_000,
  metricsIntervalMs: 1000,
  controlCapacity: 100,
};
