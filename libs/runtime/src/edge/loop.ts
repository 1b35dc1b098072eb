import type { LaneId } from "@refold/core";

import type { Wake } from "../supervision/wake.ts";
import type { Edge } from "./edge.ts";

/** A cycle, as the stage at which it is entered sees it. */
export class Loop {
  /** The upstream lanes of the entry whose records have come round. */
  readonly backward: ReadonlySet<LaneId>;
  readonly #edges: readonly Edge[];

  /** `edges` are those between stages of the cycle; `entry` is woken by each record that leaves one of them. */
  constructor(edges: readonly Edge[], backward: ReadonlySet<LaneId>, entry: Wake) {
    this.#edges = edges;
    this.backward = backward;
    for (const edge of edges) edge.onRelease = () => entry.signal();
  }

  /** Nothing is on its way round: a record holds its credit until all that came of it has been offered to its readers. */
  get quiet(): boolean {
    return this.#edges.every((edge) => edge.window.held === 0);
  }

  /** How many records are on their way round. One that is on its way to several stages counts for each, so never too few. */
  get inFlight(): number {
    return this.#edges.reduce((sum, edge) => sum + edge.window.held, 0);
  }

  /** So much is on its way round that nothing more should enter: a full cycle could not move. */
  get congested(): boolean {
    return this.#edges.some((edge) => edge.window.held * 2 > edge.window.settings.windowRecords);
  }
}
