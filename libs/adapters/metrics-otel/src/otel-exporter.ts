import { diag } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import type { CollectionResult, MetricProducer } from "@opentelemetry/sdk-metrics";
import type { MetricsExporter, MetricsSnapshot } from "@refold/core";

import { LatestSnapshots } from "./latest-snapshots.ts";
import { metricData } from "./metric-data.ts";
import { METRICS } from "./metrics.ts";

const SCOPE = "@refold/metrics-otel";

export interface OtelExporterOptions {
  /**
   * The most runs whose figures are held, 100 by default. To make room for another, the one that ended first is forgotten,
   * or else the one heard of least recently, with a warning to `diag`.
   */
  readonly runs?: number;
  /**
   * Called by `close`, so that the final figures are sent before the process ends; `() => provider.forceFlush()` as a rule.
   * What it throws or rejects with, `close` does as well.
   */
  readonly flush?: () => Promise<void>;
}

/**
 * Holds the last figures of each run, for a metric reader of OpenTelemetry to collect: give it to the reader among its
 * `metricProducers`. It may serve any number of runs, and of readers, at once.
 */
export interface OtelExporter extends MetricsExporter, MetricProducer {}

/** Throws a RangeError if an option is not as described. */
export function otelExporter({ runs = 100, flush }: OtelExporterOptions = {}): OtelExporter {
  const latest = new LatestSnapshots(runs, (runId) =>
    diag.warn(`${SCOPE}: run ${runId} was forgotten while it went on; the exporter holds ${runs} runs at most`),
  );
  return {
    export: (snapshot: MetricsSnapshot) => latest.put(snapshot),
    close: async () => flush?.(),
    collect: async (): Promise<CollectionResult> => {
      const kept = latest.all;
      const metrics = METRICS.map((metric) => metricData(metric, kept)).filter(
        ({ dataPoints }) => dataPoints.length > 0,
      );
      // The reader keeps the resource of its provider in place of this one.
      const resource = emptyResource();
      return {
        resourceMetrics: { resource, scopeMetrics: metrics.length === 0 ? [] : [{ scope: { name: SCOPE }, metrics }] },
        errors: [],
      };
    },
  };
}
