import type { PrometheusExporter } from "./prometheus-exporter.ts";

/** As much of a response of `node:http` as is needed. */
export interface MetricsResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
}

/**
 * Answers each request with the figures, for a server of `node:http` on any runtime, or of what is built on it, as Express
 * is. Paths, methods and access are the server's.
 */
export function metricsHandler(
  exporter: Pick<PrometheusExporter, "contentType" | "text">,
): (request: unknown, response: MetricsResponse) => void {
  return (_, response) => {
    response.writeHead(200, { "content-type": exporter.contentType });
    response.end(exporter.text());
  };
}
