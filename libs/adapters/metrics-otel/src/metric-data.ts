import { ValueType, type Attributes, type HrTime } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
  type MetricDescriptor,
} from "@opentelemetry/sdk-metrics";
import type { HistogramSnapshot, MetricsSnapshot } from "@refold/core";

import type { LatestSnapshot } from "./latest-snapshots.ts";

/** What a metric is called. The unit is one of UCUM, with annotations in braces. */
export interface Instrument {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** A value of a run, with what else tells it from others of the same name. */
export interface Point<T> {
  readonly attributes: Attributes;
  readonly value: T;
}

/** The points of a run. Those whose value is not finite, as of a window without limit, are not told: OTLP in JSON cannot. */
export type PointsOf<T> = (snapshot: MetricsSnapshot) => readonly Point<T>[];

export type Metric =
  | { readonly kind: "counter"; readonly instrument: Instrument; readonly points: PointsOf<number> }
  | { readonly kind: "gauge"; readonly instrument: Instrument; readonly points: PointsOf<number> }
  | { readonly kind: "histogram"; readonly instrument: Instrument; readonly points: PointsOf<HistogramSnapshot> };

/** A metric as the readers of OpenTelemetry take it: cumulative since the run began. */
export function metricData(metric: Metric, runs: readonly LatestSnapshot[]): MetricData {
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  switch (metric.kind) {
    case "counter":
    case "gauge": {
      const descriptor = descriptorOf(metric.instrument);
      const dataPoints = dataPointsOf(metric.points, runs, (value) => value).filter(({ value }) =>
        Number.isFinite(value),
      );
      return metric.kind === "gauge"
        ? { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints }
        : { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: true };
    }
    case "histogram": {
      const descriptor = descriptorOf(metric.instrument);
      const dataPoints = dataPointsOf(metric.points, runs, histogramOf);
      return { descriptor, aggregationTemporality, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
  }
}

/** Milliseconds since 1970 as whole seconds and nanoseconds. */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.min(999_999_999, Math.round((ms - seconds * 1_000) * 1_000_000))];
}

function dataPointsOf<T, V>(
  points: PointsOf<T>,
  runs: readonly LatestSnapshot[],
  valueOf: (value: T) => V,
): DataPoint<V>[] {
  return runs.flatMap(({ snapshot, startMs }) => {
    const { runId, flow, atMs } = snapshot;
    const startTime = hrTime(startMs);
    const endTime = hrTime(atMs);
    return points(snapshot).map(({ attributes, value }) => ({
      startTime,
      endTime,
      attributes: { "refold.flow.name": flow, "refold.run.id": runId, ...attributes },
      value: valueOf(value),
    }));
  });
}

function histogramOf({ bounds, counts, count, sum }: HistogramSnapshot): Histogram {
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, count, sum };
}

/** Seconds, and what happens in one, come with a fraction; all else is counted. */
function descriptorOf({ name, unit, description }: Instrument): MetricDescriptor {
  return { name, unit, description, valueType: /(^|\/)s$/.test(unit) ? ValueType.DOUBLE : ValueType.INT };
}
