export { otelExporter, type OtelExporter, type OtelExporterOptions } from "./otel-exporter.ts";
