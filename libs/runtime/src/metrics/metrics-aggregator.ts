import type { Clock, Logger, MetricsExporter, MetricsSnapshot } from "@refold/core";
import { machine, type Machine } from "@refold/fsm";

import type { EventLoopDirective } from "../supervision/directive.ts";
import type { SelfSupervised } from "../supervision/supervisor.ts";
import { Wake } from "../supervision/wake.ts";

export type AggregatorState =
  | { readonly kind: "created" }
  | { readonly kind: "collecting" }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly message: string };

export type AggregatorEvent =
  { readonly kind: "begin" } | { readonly kind: "finish" } | { readonly kind: "fail"; readonly message: string };

export const aggregatorMachine = (): Machine<AggregatorState, AggregatorEvent> =>
  machine<AggregatorState, AggregatorEvent>("metrics", { kind: "created" })
    .any("fail", "failed", (_, { message }) => ({ state: { kind: "failed", message } }))
    .anyIgnore("begin", "finish")
    .state("created", (s) => s.on("begin", "collecting").exhaustive())
    .state("collecting", (s) => s.on("finish", "finished").exhaustive())
    .final("finished")
    .final("failed")
    .buildOrThrow();

/** How long an exporter has for one snapshot, in milliseconds. Then the run goes on without waiting for it. */
export const EXPORT_TIMEOUT_MS = 5_000;

/**
 * Takes a snapshot of a run from time to time and hands it to the exporters, until the figures will not change any more. The
 * final ones are handed over when the run is sealed: only then are they exact.
 */
export class MetricsAggregator implements SelfSupervised<AggregatorState, AggregatorEvent, never> {
  readonly machine: Machine<AggregatorState, AggregatorEvent> = aggregatorMachine();
  readonly #snapshot: () => MetricsSnapshot;
  readonly #exporters: readonly MetricsExporter[];
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #wake: Wake = new Wake();
  #last: MetricsSnapshot | undefined;
  #finishing = false;

  constructor(options: {
    readonly snapshot: () => MetricsSnapshot;
    readonly exporters: readonly MetricsExporter[];
    readonly intervalMs: number;
    readonly clock: Clock;
    readonly logger: Logger | undefined;
  }) {
    this.#snapshot = options.snapshot;
    this.#exporters = options.exporters;
    this.#intervalMs = options.intervalMs;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** The figures now or, when the run has ended, the final ones. */
  get figures(): MetricsSnapshot {
    return this.#last ?? this.#snapshot();
  }

  /** Ends the snapshots from time to time. */
  finish(): void {
    this.#finishing = true;
    this.#wake.signal();
  }

  /** The figures are now final. */
  freeze(): void {
    this.#last = this.#snapshot();
  }

  /** Hands the figures to every exporter. */
  async exportFigures(): Promise<void> {
    const snapshot = this.figures;
    await Promise.all(this.#exporters.map((exporter) => this.#export(exporter, snapshot)));
  }

  dispatch(state: AggregatorState): EventLoopDirective<AggregatorEvent> | Promise<EventLoopDirective<AggregatorEvent>> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "begin" } };
      case "collecting":
        return this.#finishing ? { kind: "transition", event: { kind: "finish" } } : this.#collect();
      case "finished":
      case "failed":
        return { kind: "terminate" };
    }
  }

  perform(): void {}

  failure(cause: unknown): AggregatorEvent {
    return { kind: "fail", message: cause instanceof Error ? cause.message : String(cause) };
  }

  async #collect(): Promise<EventLoopDirective<AggregatorEvent>> {
    // Without anyone to tell there is nothing to do before the end.
    const disarm =
      this.#exporters.length > 0 ? this.#clock.schedule(this.#intervalMs, () => this.#wake.signal()) : undefined;
    await this.#wake.wait();
    disarm?.();
    if (!this.#finishing) await this.exportFigures();
    return { kind: "continue" };
  }

  /** An exporter that fails, or hangs, must not do so to the run. */
  async #export(exporter: MetricsExporter, snapshot: MetricsSnapshot): Promise<void> {
    let disarm: (() => void) | undefined;
    try {
      const exported = exporter.export(snapshot);
      if (typeof exported?.then !== "function") return;
      const late = new Promise<boolean>((resolve) => {
        disarm = this.#clock.schedule(EXPORT_TIMEOUT_MS, () => resolve(true));
      });
      if ((await Promise.race([exported, late])) === true) {
        this.#logger?.warn("a metrics exporter did not come back", { afterMs: EXPORT_TIMEOUT_MS });
      }
    } catch (cause) {
      this.#logger?.warn("a metrics exporter failed to export", { cause: String(cause) });
    } finally {
      disarm?.();
    }
  }
}
