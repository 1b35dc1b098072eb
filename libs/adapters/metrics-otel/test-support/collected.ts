import type { Attributes } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";

/** The SDK with a reader that sends into memory, whenever a test asks what has been told. */
export class Collector {
  readonly #sent = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly provider: MeterProvider;

  constructor(producer: MetricProducer) {
    const reader = new PeriodicExportingMetricReader({
      exporter: this.#sent,
      exportIntervalMillis: 3_600_000,
      metricProducers: [producer],
    });
    this.provider = new MeterProvider({ readers: [reader] });
  }

  /** What has been sent without being asked for, last. */
  get sent(): readonly MetricData[] {
    return (
      this.#sent
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []
    );
  }

  /** What the reader collects now. */
  async metrics(): Promise<readonly MetricData[]> {
    this.#sent.reset();
    await this.provider.forceFlush();
    return this.sent;
  }
}

/** The points of one metric that have all these attributes. */
export function pointsIn(
  metrics: readonly MetricData[],
  name: string,
  attributes: Attributes = {},
): readonly DataPoint<unknown>[] {
  const points: readonly DataPoint<unknown>[] =
    metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  return points.filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value));
}

/** The value of the only point that has these attributes; undefined if none has. */
export function valueIn(metrics: readonly MetricData[], name: string, attributes: Attributes = {}): unknown {
  const points = pointsIn(metrics, name, attributes);
  if (points.length > 1) throw new Error(`${points.length} points of ${name} have these attributes`);
  return points[0]?.value;
}
