import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { MetricsSnapshot, RunId } from "@refold/core";
import { metricsExporterConformance, sampleMetrics } from "@refold/testkit";
import { describe, expect, it } from "vitest";

import { familiesIn, samplesIn, valueIn } from "../test-support/parsed-text.ts";
import { metricsHandler } from "./metrics-handler.ts";
import { prometheusExporter } from "./prometheus-exporter.ts";

metricsExporterConformance({
  name: "prometheusExporter",
  runner: { describe, it },
  open: async () => {
    const exporter = prometheusExporter();
    return {
      exporter,
      recordsIn: async (run) => valueIn(exporter.text(), "refold_stage_records_in_total", { run, stage: "report" }),
      dispose: async () => undefined,
    };
  },
});

const RUN = "01900001-0000-7000-8000-000000000000" as RunId;
const runOf = (number: number): RunId => `0190000${number}-0000-7000-8000-000000000000` as RunId;

async function textOf(...snapshots: readonly MetricsSnapshot[]): Promise<string> {
  const exporter = prometheusExporter();
  for (const snapshot of snapshots) await exporter.export(snapshot);
  return exporter.text();
}

it("tells a counter of each stage, with the labels of its run", async () => {
  const families = familiesIn(await textOf(sampleMetrics({ records: 12 })));
  expect(families.find(({ name }) => name === "refold_stage_records_in_total")).toEqual({
    name: "refold_stage_records_in_total",
    help: "Data records taken in.",
    type: "COUNTER",
    metrics: [
      { labels: { flow: "orders", run: RUN, stage: "numbers" }, value: "0" },
      { labels: { flow: "orders", run: RUN, stage: "report" }, value: "12" },
    ],
  });
});

it("tells distributions in seconds, with cumulative buckets, a sum and a count", async () => {
  const text = await textOf(sampleMetrics({ records: 12 }));
  const buckets = samplesIn(text, "refold_stage_step_seconds_bucket", { run: RUN, stage: "report" });
  expect(buckets.map(({ labels, value }) => [labels["le"], value])).toEqual([
    ["0.001", 3],
    ["0.01", 9],
    ["+Inf", 12],
  ]);
  expect(valueIn(text, "refold_stage_step_seconds_sum", { run: RUN, stage: "report" })).toBe(0.09);
  expect(valueIn(text, "refold_stage_step_seconds_count", { run: RUN, stage: "report" })).toBe(12);
  const type = familiesIn(text).find(({ name }) => name === "refold_stage_step_seconds")?.type;
  expect(type).toBe("HISTOGRAM");
});

it("holds what the names promise: counters end in _total, times are in seconds, every name has one group", async () => {
  const text = await textOf(sampleMetrics({ runId: runOf(1) }), sampleMetrics({ runId: runOf(2), flow: "refunds" }));
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => ({ name, type }));
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
  for (const { name, type } of names) {
    expect(name).toMatch(/^refold_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(name).not.toMatch(/_ms|milli/);
  }
  expect(text.endsWith("\n")).toBe(true);
});

it("tells each sample once, whatever the number of runs", async () => {
  const text = await textOf(...[1, 2, 3].map((number) => sampleMetrics({ runId: runOf(number) })));
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const series = samples.map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(new Set(series).size).toBe(series.length);
});

it("tells of an edge one liveness, and which contracts hold", async () => {
  const text = await textOf(sampleMetrics());
  const told = (liveness: string): number | undefined => valueIn(text, "refold_edge_liveness", { liveness });
  expect(["healthy", "idle", "suspect", "stalled", "recovered"].map(told)).toEqual([1, 0, 0, 0, 0]);
  expect(valueIn(text, "refold_edge_contract_held", { contract: "transport" })).toBe(1);
  expect(valueIn(text, "refold_edge_contract_held", { contract: "source" })).toBe(0);
});

it("begins every name with the prefix, and refuses one that no name can begin with", async () => {
  const exporter = prometheusExporter({ prefix: "jobs:" });
  await exporter.export(sampleMetrics());
  for (const { name } of familiesIn(exporter.text())) expect(name).toMatch(/^jobs:[a-z]/);
  for (const prefix of ["", "1st_", "a-", "ä", "a b", "a\n"]) {
    expect(() => prometheusExporter({ prefix })).toThrow(RangeError);
  }
});

it("forgets the run that ended first to take another, and tells when one had to go that went on", async () => {
  const exporter = prometheusExporter({ runs: 2 });
  const shown = (): readonly number[] =>
    [1, 2, 3, 4].filter((number) => valueIn(exporter.text(), "refold_run_duration_seconds", { run: runOf(number) }));
  const dropped = (): number | undefined => valueIn(exporter.text(), "refold_exporter_dropped_runs_total", {});
  await exporter.export(sampleMetrics({ runId: runOf(1) }));
  await exporter.export(sampleMetrics({ runId: runOf(2), state: "drained" }));
  await exporter.export(sampleMetrics({ runId: runOf(3) }));
  expect(shown()).toEqual([1, 3]);
  expect(dropped()).toBe(0);
  await exporter.export(sampleMetrics({ runId: runOf(1) }));
  await exporter.export(sampleMetrics({ runId: runOf(4) }));
  expect(shown()).toEqual([1, 4]);
  expect(dropped()).toBe(1);
  for (const runs of [0, -1, 1.5, Number.NaN]) expect(() => prometheusExporter({ runs })).toThrow(RangeError);
});

it("answers a scrape over HTTP", async () => {
  const exporter = prometheusExporter();
  await exporter.export(sampleMetrics());
  const server = createServer(metricsHandler(exporter));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    // A server that listens on a port has an address of this form.
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe(exporter.text());
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
