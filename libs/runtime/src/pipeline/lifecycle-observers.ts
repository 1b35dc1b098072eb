import { formatPlace, type LaneSeq, type Logger, type RunManifest } from "@refold/core";

import type { Observed, ObservedMove } from "../stage/observer-handlers.ts";
import { thrownMessage } from "../stage/stage-fault.ts";
import { deepFreeze } from "../step/deep-freeze.ts";
import { mustNotAwait } from "../step/must-not-await.ts";
import type { RecordedFrame } from "../supervision/lane-writer.ts";

/** Sees every transition of a run. */
export interface LifecycleObserver {
  readonly name: string;
  readonly lifecycle: (move: ObservedMove, at: Observed) => unknown;
}

/** Shows transitions to those who look on. One that throws is told of once, and sees nothing more; nobody else hears of it. */
export class LifecycleObservers {
  readonly #observers: Set<LifecycleObserver>;
  readonly #manifest: RunManifest;
  readonly #logger: Logger | undefined;

  constructor(observers: readonly LifecycleObserver[], manifest: RunManifest, logger: Logger | undefined) {
    this.#observers = new Set(observers);
    this.#manifest = manifest;
    this.#logger = logger;
  }

  /** Takes a frame that is on record. It never throws. */
  see({ lane, firstSeq, timeMs, records }: RecordedFrame): void {
    if (this.#observers.size === 0) return;
    const stage = this.#manifest.lanes[lane] ?? "";
    for (const [index, record] of records.entries()) {
      if (record.kind !== "transition") continue;
      const { event, from, to, machine } = record;
      deepFreeze(event);
      const at = { place: formatPlace(stage, (firstSeq + index) as LaneSeq), timeMs };
      for (const observer of this.#observers) this.#show(observer, { stage: machine, event, from, to }, at);
    }
  }

  #show(observer: LifecycleObserver, move: ObservedMove, at: Observed): void {
    try {
      mustNotAwait(observer.lifecycle(move, at), "an observer must not await");
    } catch (cause) {
      this.#observers.delete(observer);
      this.#logger?.error(`observer ${observer.name} is quarantined: ${thrownMessage(cause)}`, { input: at.place });
    }
  }
}
