import type { MetricsExporter } from "@refold/core";
import { fileStore } from "@refold/log-file";
import { prometheusExporter } from "@refold/metrics-prometheus";

import type { Bench, BenchCase, Metric, Scale } from "./bench-case.ts";
import { benchFlow } from "./bench-flow.ts";
import { createRun, removeRun, timeRun } from "./bench-run.ts";
import { makeOrders } from "./order.ts";
import { median } from "./statistics.ts";

const STAGES = 3;
const INTERVAL_MS = 1000;

/** One run has to outlast the interval a few times. */
const EVENTS: Readonly<Record<Scale, number>> = { full: 1_000_000, quick: 50_000 };
const ROUNDS: Readonly<Record<Scale, number>> = { full: 6, quick: 2 };

interface Variant {
  readonly name: string;
  readonly enabled: boolean;
  readonly exporters: () => readonly MetricsExporter[];
}

const OFF: Variant = { name: "off", enabled: false, exporters: () => [] };
const VARIANTS: readonly Variant[] = [
  OFF,
  { name: "on", enabled: true, exporters: () => [] },
  { name: "on, Prometheus each second", enabled: true, exporters: () => [scrapedExporter()] },
];

export const metrics: Bench = {
  name: "metrics",
  title: "Metrics: what keeping and exporting figures costs a buffered pipeline",
  mostRuns: 3,
  cases: (scale): readonly BenchCase[] => [
    { label: `${STAGES} stages, buffered`, measure: (directory) => measure(directory, scale) },
  ],
};

/** What one run took. */
interface Cost {
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: number;
}

/** All variants in one process, in turns, each round in another order: what is sought is smaller than what processes differ by. */
async function measure(directory: string, scale: Scale): Promise<readonly Metric[]> {
  const costs = new Map(VARIANTS.map((variant): [Variant, Cost[]] => [variant, []]));
  let number = 0;
  for (let round = 0; round <= ROUNDS[scale]; round++) {
    for (let turn = 0; turn < VARIANTS.length; turn++) {
      const variant = VARIANTS[(turn + round) % VARIANTS.length] as Variant;
      const cost = await costOf(variant, { directory, events: EVENTS[scale], number: ++number });
      // The first round is the warm-up.
      if (round > 0) costs.get(variant)?.push(cost);
    }
  }
  const medianOf = (variant: Variant, figure: keyof Cost): number =>
    median((costs.get(variant) ?? []).map((cost) => cost[figure]));
  const metricOf = (variant: Variant, name: string, unit: string, figure: keyof Cost): Metric => ({
    name,
    unit,
    value: medianOf(variant, figure),
    ...(variant === OFF ? {} : { baseline: { what: "metrics off, in turns with it", value: medianOf(OFF, figure) } }),
  });
  return VARIANTS.flatMap((variant) => [
    metricOf(variant, variant.name, "events/s", "eventsPerSecond"),
    metricOf(variant, `${variant.name}: CPU`, "µs/event", "cpuMicrosecondsPerEvent"),
  ]);
}

async function costOf(
  { enabled, exporters }: Variant,
  { directory, events, number }: { readonly directory: string; readonly events: number; readonly number: number },
): Promise<Cost> {
  const { handle, location } = await createRun({
    definition: benchFlow({ stages: STAGES, orders: () => makeOrders(events), deliver: () => undefined }),
    store: fileStore({ directory }),
    durability: "buffered",
    number,
    configuration: { flow: { "metrics.enabled": enabled, "metrics.intervalMs": INTERVAL_MS } },
    exporters: exporters(),
  });
  const before = process.cpuUsage();
  const elapsedMs = await timeRun(handle);
  const { user, system } = process.cpuUsage(before);
  removeRun(location);
  return { eventsPerSecond: (events / elapsedMs) * 1000, cpuMicrosecondsPerEvent: (user + system) / events };
}

/** With every snapshot it is scraped once. */
function scrapedExporter(): MetricsExporter {
  const exporter = prometheusExporter();
  return {
    async export(snapshot) {
      await exporter.export(snapshot);
      if (exporter.text() === "") throw new Error("there is nothing to scrape");
    },
  };
}
