import type { Clock, LivenessRecord, LogRecord } from "@refold/core";

import type { Edge } from "../edge/edge.ts";

/** After how long an edge is taken for what, in milliseconds. */
export interface LivenessThresholds {
  readonly idleMs: number;
  readonly suspectMs: number;
  readonly stalledMs: number;
}

export type Liveness = LivenessRecord["status"];

/**
 * Looks at every edge from time to time, and puts on record when its liveness changes. It only observes. An edge on which
 * nothing waits is healthy or, after a while, idle; one on which records wait and none is taken becomes suspect, then stalled.
 */
export class LivenessMonitor {
  readonly #edges: readonly { readonly edge: Edge; readonly thresholds: LivenessThresholds; status: Liveness }[];
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #record: (records: readonly LogRecord[]) => void;
  #disarm: (() => void) | undefined;

  constructor(options: {
    readonly edges: readonly Edge[];
    readonly clock: Clock;
    readonly tickMs: number;
    readonly thresholdsOf: (edge: Edge) => LivenessThresholds;
    /** Appends to the system's lane. */
    readonly record: (records: readonly LogRecord[]) => void;
  }) {
    this.#edges = options.edges.map((edge) => ({ edge, thresholds: options.thresholdsOf(edge), status: "healthy" }));
    this.#clock = options.clock;
    this.#tickMs = options.tickMs;
    this.#record = options.record;
  }

  statusOf(edge: Edge): Liveness {
    return this.#edges.find((watched) => watched.edge === edge)?.status ?? "healthy";
  }

  start(): void {
    this.#disarm = this.#clock.schedule(this.#tickMs, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#disarm?.();
  }

  #look(): void {
    const nowMs = this.#clock.now();
    const changed: LogRecord[] = [];
    for (const watched of this.#edges) {
      const { edge, status, thresholds } = watched;
      if (edge.ended !== undefined) continue;
      const next = livenessOf(status, nowMs - edge.activeAtMs, edge.window.held > 0 && !edge.held, thresholds);
      if (next === status) continue;
      watched.status = next;
      changed.push({ kind: "liveness", upstream: edge.from, reader: edge.to, status: next });
    }
    if (changed.length > 0) this.#record(changed);
  }
}

/** The liveness of an edge that was `before`, has been silent for so long, and has records waiting or not. */
export function livenessOf(before: Liveness, silentMs: number, waiting: boolean, after: LivenessThresholds): Liveness {
  if (waiting && silentMs >= after.stalledMs) return "stalled";
  if (waiting && silentMs >= after.suspectMs) return "suspect";
  if (before === "suspect" || before === "stalled") return "recovered";
  return !waiting && silentMs >= after.idleMs ? "idle" : "healthy";
}
