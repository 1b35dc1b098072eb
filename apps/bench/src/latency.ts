import type { Durability } from "@refold/core";
import { fileStore } from "@refold/log-file";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun, timeRun } from "./bench-run.ts";
import { makeOrder, type Order } from "./order.ts";
import { timeRawAppends } from "./raw-files.ts";
import { quantile } from "./statistics.ts";

const STAGES = 3;
const LEVELS: readonly Durability[] = ["buffered", "durable"];
const EVENTS: Readonly<Record<Scale, number>> = { full: 5000, quick: 500 };
const WARM_UP: Readonly<Record<Scale, number>> = { full: 2000, quick: 200 };

/** About what one event adds to the log in three stages. */
const RAW_APPEND_BYTES = 600;

export const latency: Bench = {
  name: "latency",
  title: "Latency: one event in flight, from the source's yield to the sink's function, through 3 stages",
  cases: (scale) =>
    LEVELS.map((durability): BenchCase => ({
      label: `${STAGES} stages, ${durability}`,
      measure: (directory) => measure(durability, scale, directory),
    })),
};

async function measure(durability: Durability, scale: Scale, directory: string): Promise<readonly Metric[]> {
  const count = EVENTS[scale];
  const times = new OneInFlight(WARM_UP[scale] + count);
  const definition = benchFlow({ stages: STAGES, orders: () => times.orders(), deliver: () => times.arrived() });
  const { handle } = await createRun({ definition, store: fileStore({ directory }), durability, number: 1 });
  await timeRun(handle);
  const synced = durability !== "buffered";
  const raw = timeRawAppends(directory, { count, bytes: RAW_APPEND_BYTES, synced });
  const what = `one write of ${RAW_APPEND_BYTES} bytes${synced ? " and fdatasync" : ""}, the thread waiting`;
  const measured = times.elapsedMs.slice(-count);
  const at = (name: string, q: number): Metric => ({
    name,
    unit: "ms",
    value: quantile(measured, q),
    baseline: { what, value: quantile(raw, q) },
  });
  return [at("p50", 0.5), at("p99", 0.99), at("max", 1)];
}

/** A source that yields an event only when the one before has reached the sink. */
class OneInFlight {
  readonly elapsedMs: number[] = [];
  readonly #events: number;
  #startedMs = 0;
  #arrive: () => void = () => undefined;

  constructor(events: number) {
    this.#events = events;
  }

  async *orders(): AsyncGenerator<Order> {
    for (let index = 0; index < this.#events; index++) {
      const arrived = new Promise<void>((resolve) => (this.#arrive = resolve));
      const order = makeOrder(index);
      this.#startedMs = performance.now();
      yield order;
      await arrived;
    }
  }

  arrived(): void {
    this.elapsedMs.push(performance.now() - this.#startedMs);
    this.#arrive();
  }
}
