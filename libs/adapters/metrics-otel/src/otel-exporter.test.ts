import { diag, DiagLogLevel } from "@opentelemetry/api";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import type { RunId } from "@refold/core";
import { metricsExporterConformance, sampleMetrics } from "@refold/testkit";
import { describe, expect, it } from "vitest";

import { Collector, pointsIn, valueIn } from "../test-support/collected.ts";
import { otelExporter } from "./otel-exporter.ts";

metricsExporterConformance({
  name: "otelExporter",
  runner: { describe, it },
  open: async () => {
    const exporter = otelExporter();
    const collector = new Collector(exporter);
    return {
      exporter,
      recordsIn: async (run) => {
        const attributes = { "refold.run.id": run, "refold.stage.name": "report" };
        const value = valueIn(await collector.metrics(), "refold.stage.records.in", attributes);
        return value === undefined ? undefined : Number(value);
      },
      dispose: () => collector.provider.shutdown(),
    };
  },
});

const RUN = "01900001-0000-7000-8000-000000000000";
const runOf = (number: number): RunId => `0190000${number}-0000-7000-8000-000000000000` as RunId;

it("tells a counter as a monotonic sum since the run began", async () => {
  const exporter = otelExporter();
  await exporter.export(sampleMetrics({ records: 12 }));
  const metrics = await new Collector(exporter).metrics();
  expect(metrics.find(({ descriptor }) => descriptor.name === "refold.stage.records.in")).toMatchObject({
    descriptor: { unit: "{record}", description: "Data records taken in." },
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  });
  expect(pointsIn(metrics, "refold.stage.records.in", { "refold.stage.name": "report" })).toEqual([
    {
      attributes: { "refold.flow.name": "orders", "refold.run.id": RUN, "refold.stage.name": "report" },
      startTime: [1_767_225_600, 0],
      endTime: [1_767_225_600, 12_000_000],
      value: 12,
    },
  ]);
});

it("tells distributions as histograms in seconds, with the counts as they were", async () => {
  const exporter = otelExporter();
  await exporter.export(sampleMetrics({ records: 12 }));
  const metrics = await new Collector(exporter).metrics();
  expect(valueIn(metrics, "refold.run.latency")).toEqual({
    buckets: { boundaries: [0.001, 0.01], counts: [3, 6, 3] },
    count: 12,
    sum: 0.09,
  });
});

it("keeps the start of a run where it was, though the clock of its durations differs", async () => {
  const exporter = otelExporter();
  const collector = new Collector(exporter);
  const first = sampleMetrics({ records: 10 });
  await exporter.export(first);
  const before = pointsIn(await collector.metrics(), "refold.log.frames")[0]?.startTime;
  await exporter.export({ ...first, atMs: first.atMs + 1_000, durationMs: first.durationMs + 998.5 });
  expect(pointsIn(await collector.metrics(), "refold.log.frames")[0]?.startTime).toEqual(before);
});

it("tells nothing of a window without limit, and all of one with a limit", async () => {
  const exporter = otelExporter();
  const sample = sampleMetrics();
  const edges = sample.edges.flatMap((edge) => [
    { ...edge, to: "bounded" },
    { ...edge, to: "unbounded", windowRecords: Infinity },
  ]);
  await exporter.export({ ...sample, edges });
  const points = pointsIn(await new Collector(exporter).metrics(), "refold.edge.window.records");
  expect(points.map(({ attributes, value }) => [attributes["refold.edge.to"], value])).toEqual([["bounded", 1_024]]);
});

it("tells of an edge one liveness, and which contracts hold", async () => {
  const exporter = otelExporter();
  await exporter.export(sampleMetrics());
  const metrics = await new Collector(exporter).metrics();
  const told = (liveness: string): unknown =>
    valueIn(metrics, "refold.edge.liveness", { "refold.edge.liveness": liveness });
  expect(["healthy", "idle", "suspect", "stalled", "recovered"].map(told)).toEqual([1, 0, 0, 0, 0]);
  expect(valueIn(metrics, "refold.edge.contract.held", { "refold.contract.name": "transport" })).toBe(1);
  expect(valueIn(metrics, "refold.edge.contract.held", { "refold.contract.name": "source" })).toBe(0);
});

it("sends the final figures as it is closed, if it is told how", async () => {
  const exporter = otelExporter({ flush: () => collector.provider.forceFlush() });
  const collector = new Collector(exporter);
  await exporter.export(sampleMetrics({ records: 77, state: "drained" }));
  expect(collector.sent).toEqual([]);
  await exporter.close?.();
  expect(valueIn(collector.sent, "refold.stage.records.in", { "refold.stage.name": "report" })).toBe(77);
});

it("passes on that the final figures could not be sent", async () => {
  const exporter = otelExporter({ flush: () => Promise.reject(new Error("no one is there")) });
  await expect(exporter.close?.()).rejects.toThrow("no one is there");
});

it("serves several readers, each with all of it", async () => {
  const exporter = otelExporter();
  const readers = [new Collector(exporter), new Collector(exporter)];
  await exporter.export(sampleMetrics({ records: 5 }));
  for (const reader of readers) expect(valueIn(await reader.metrics(), "refold.log.frames")).toBe(5);
});

it("forgets the run that ended first to take another, and warns when one had to go that went on", async () => {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (message: string): void => void warnings.push(message);
  diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  try {
    const exporter = otelExporter({ runs: 2 });
    const collector = new Collector(exporter);
    const shown = async (): Promise<readonly unknown[]> =>
      pointsIn(await collector.metrics(), "refold.log.frames").map(({ attributes }) => attributes["refold.run.id"]);
    await exporter.export(sampleMetrics({ runId: runOf(1) }));
    await exporter.export(sampleMetrics({ runId: runOf(2), state: "drained" }));
    await exporter.export(sampleMetrics({ runId: runOf(3) }));
    expect(await shown()).toEqual([runOf(1), runOf(3)]);
    expect(warnings).toEqual([]);
    await exporter.export(sampleMetrics({ runId: runOf(1) }));
    await exporter.export(sampleMetrics({ runId: runOf(4) }));
    expect(await shown()).toEqual([runOf(1), runOf(4)]);
    expect(warnings).toEqual([expect.stringContaining(runOf(3))]);
  } finally {
    diag.disable();
  }
  for (const runs of [0, -1, 1.5, Number.NaN]) expect(() => otelExporter({ runs })).toThrow(RangeError);
});
