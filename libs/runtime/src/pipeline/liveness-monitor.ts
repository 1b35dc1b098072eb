import type { Clock, LivenessRecord, LogRecord } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { LivenessSettings } from "./run-settings.ts";

export type Liveness = LivenessRecord["status"];

/**
 * Looks at every edge from time to time, and puts on record when its liveness changes. It only observes. An edge on which
 * nothing waits is healthy or, after a while, idle; one on which records wait and none is taken becomes suspect, then stalled.
 */
export class LivenessMonitor {
  readonly #edges: readonly { readonly edge: Edge; status: Liveness }[];
  readonly #clock: Clock;
  readonly #settings: LivenessSettings;
  readonly #record: (records: readonly LogRecord[]) => void;
  #disarm: (() => void) | undefined;

  constructor(options: {
    readonly edges: readonly Edge[];
    readonly clock: Clock;
    readonly settings: LivenessSettings;
    /** Appends to the system's lane. */
    readonly record: (records: readonly LogRecord[]) => void;
  }) {
    this.#edges = options.edges.map((edge) => ({ edge, status: "healthy" }));
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#record = options.record;
  }

  statusOf(edge: Edge): Liveness {
    return this.#edges.find((watched) => watched.edge === edge)?.status ?? "healthy";
  }

  start(): void {
    this.#disarm = this.#clock.schedule(this.#settings.tickMs, () => {
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
      const { edge, status } = watched;
      if (edge.ended !== undefined) continue;
      const next = livenessOf(status, nowMs - edge.activeAtMs, edge.window.held > 0, this.#settings);
      if (next === status) continue;
      watched.status = next;
      changed.push({ kind: "liveness", upstream: edge.from, reader: edge.to, status: next });
    }
    if (changed.length > 0) this.#record(changed);
  }
}

/** The liveness of an edge that was `before`, has been silent for so long, and has records waiting or not. */
export function livenessOf(before: Liveness, silentMs: number, waiting: boolean, settings: LivenessSettings): Liveness {
  if (waiting && silentMs >= settings.stalledMs) return "stalled";
  if (waiting && silentMs >= settings.suspectMs) return "suspect";
  if (before === "suspect" || before === "stalled") return "recovered";
  return !waiting && silentMs >= settings.idleMs ? "idle" : "healthy";
}
