import type { Clock, LaneId, RunLog } from "@refold/core";

import type { Edge } from "../edge/edge.ts";
import type { Wake } from "../supervision/wake.ts";
import type { StageCounters } from "./stage-counters.ts";
import { StageFailure } from "./stage-fault.ts";

/** The stage that waits. */
interface Writer {
  readonly name: string;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly wake: Wake;
  readonly counters: StageCounters;
  laneName(lane: LaneId): string;
}

/** Lets a stage wait for credit on its outputs, and tells when an edge makes no progress for too long. */
export class CreditWait {
  readonly #writer: Writer;
  readonly #inputs: readonly Edge[];
  readonly #outputs: readonly Edge[];
  readonly #feedsSeveral: boolean;
  #heldUp = false;

  constructor(
    writer: Writer,
    edges: {
      readonly inputs: readonly Edge[];
      readonly outputs: readonly Edge[];
      /** Whether a stage that leaves inputs alone has several that come of this writer: it may be waited for itself. */
      readonly feedsSeveral: boolean;
    },
  ) {
    this.#writer = writer;
    this.#inputs = edges.inputs;
    this.#outputs = edges.outputs;
    this.#feedsSeveral = edges.feedsSeveral;
  }

  /** `undefined` when there is room. Throws when an edge has stalled, whatever its siblings do. */
  wait(): Promise<void> | undefined {
    const room = this.#writer.log.room();
    if (room !== undefined) return this.#timed(room);
    const nowMs = this.#writer.clock.now();
    let deadlineMs = Number.POSITIVE_INFINITY;
    let blocked = false;
    let heldUp = false;
    for (const edge of this.#outputs) {
      const hasRoom = edge.window.room > 0;
      const held = edge.held && !this.#feedsSeveral;
      if (hasRoom || held) edge.blockedSinceMs = undefined;
      blocked ||= !hasRoom;
      heldUp ||= !hasRoom && held;
      if (hasRoom || held) continue;
      edge.blockedSinceMs ??= nowMs;
      const { stallTimeoutMs } = edge.window.settings;
      if (stallTimeoutMs === "never") continue;
      const stallsAtMs = edge.blockedSinceMs + stallTimeoutMs;
      if (nowMs >= stallsAtMs) throw this.#stalled(edge, nowMs - edge.blockedSinceMs);
      deadlineMs = Math.min(deadlineMs, stallsAtMs);
    }
    this.#tellHeldUp(heldUp);
    const { clock, wake } = this.#writer;
    return blocked ? this.#timed(wake.waitAtMost(deadlineMs - nowMs, clock)) : undefined;
  }

  /** Whoever writes to a stage that waits on purpose waits with it, however far up. */
  #tellHeldUp(heldUp: boolean): void {
    if (heldUp === this.#heldUp) return;
    this.#heldUp = heldUp;
    for (const edge of this.#inputs) edge.readerHeldUp = heldUp;
  }

  async #timed(waiting: Promise<void>): Promise<void> {
    const { clock, counters } = this.#writer;
    const begunMs = clock.now();
    await waiting;
    counters.blockedMs += clock.now() - begunMs;
  }

  #stalled(edge: Edge, forMs: number): StageFailure {
    const { name } = this.#writer;
    const reader = this.#writer.laneName(edge.to);
    const { held } = edge.window;
    return new StageFailure({
      code: "edge-stalled",
      stage: name,
      message: `the edge ${name} -> ${reader} has stalled: ${held} records wait for ${reader}, which has taken none for ${forMs} ms`,
    });
  }
}
