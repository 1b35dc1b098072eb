export { metricsHandler, type MetricsResponse } from "./metrics-handler.ts";
export { prometheusExporter, type PrometheusExporter, type PrometheusExporterOptions } from "./prometheus-exporter.ts";
