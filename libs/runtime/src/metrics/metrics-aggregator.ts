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

/** Takes a snapshot of a run from time to time, and a last one with the final figures, and hands them to the exporters. */
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

  /** Tells it that the figures will not change any more. */
  finish(): void {
    this.#finishing = true;
    this.#wake.signal();
  }

  dispatch(state: AggregatorState): EventLoopDirective<AggregatorEvent> | Promise<EventLoopDirective<AggregatorEvent>> {
    switch (state.kind) {
      case "created":
        return { kind: "transition", event: { kind: "begin" } };
      case "collecting":
        return this.#finishing ? this.#collectLast() : this.#collect();
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
    if (!this.#finishing) await this.#export(this.#snapshot());
    return { kind: "continue" };
  }

  async #collectLast(): Promise<EventLoopDirective<AggregatorEvent>> {
    this.#last = this.#snapshot();
    await this.#export(this.#last);
    for (const exporter of this.#exporters) await this.#quietly("close", () => exporter.close?.());
    return { kind: "transition", event: { kind: "finish" } };
  }

  async #export(snapshot: MetricsSnapshot): Promise<void> {
    for (const exporter of this.#exporters) await this.#quietly("export", () => exporter.export(snapshot));
  }

  /** An exporter that fails must not fail the run. */
  async #quietly(what: string, call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (cause) {
      this.#logger?.warn(`a metrics exporter failed to ${what}`, { cause: String(cause) });
    }
  }
}
