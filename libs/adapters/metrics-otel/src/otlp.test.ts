import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { sampleMetrics } from "@refold/testkit";
import { expect, it } from "vitest";

import { otelExporter } from "./otel-exporter.ts";

/** As much of an OTLP request in JSON as the test looks at. */
interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
}

interface OtlpMetric {
  readonly name: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly { readonly asInt: number }[] };
  readonly histogram?: { readonly dataPoints: readonly unknown[] };
}

it("reaches a collector by OTLP over HTTP, with the final figures, as it is closed", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  const exporter = otelExporter({ flush: () => provider.forceFlush() });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `http://127.0.0.1:${port}/v1/metrics` }),
    exportIntervalMillis: 3_600_000,
    metricProducers: [exporter],
  });
  const provider = new MeterProvider({ readers: [reader] });
  try {
    await exporter.export(sampleMetrics({ records: 12, state: "drained" }));
    await exporter.close?.();
    expect(bodies.length).toBe(1);
    // The exporter writes the JSON form of OTLP.
    const { resourceMetrics } = JSON.parse(bodies[0] ?? "") as OtlpRequest;
    const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const told = (name: string): OtlpMetric | undefined => metrics.find((metric) => metric.name === name);
    expect(told("refold.log.frames")?.sum).toMatchObject({ isMonotonic: true, dataPoints: [{ asInt: 12 }] });
    expect(told("refold.run.latency")?.histogram?.dataPoints).toMatchObject([
      { count: 12, sum: 0.09, bucketCounts: [3, 6, 3], explicitBounds: [0.001, 0.01] },
    ]);
  } finally {
    await provider.shutdown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
