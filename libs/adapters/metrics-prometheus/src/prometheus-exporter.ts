import type { MetricsExporter, MetricsSnapshot } from "@refold/core";

import { expositionText } from "./exposition.ts";
import { familiesOf } from "./families.ts";
import { LatestSnapshots } from "./latest-snapshots.ts";
import { one } from "./samples.ts";

export interface PrometheusExporterOptions {
  /** What the name of each metric begins with: letters, digits, `_` and `:`, and no digit first. `refold_` by default. */
  readonly prefix?: string;
  /**
   * The most runs whose figures are held, 100 by default. To make room for another, the one that ended first is forgotten,
   * or else the one heard of least recently, which the counter `exporter_dropped_runs_total` tells.
   */
  readonly runs?: number;
}

/** Holds the last figures of each run for Prometheus to scrape. It may serve any number of runs at once. */
export interface PrometheusExporter extends MetricsExporter {
  /** What the text below is sent as. */
  readonly contentType: string;
  /** The last figures of each run, in the text format of Prometheus. They stay after the run has ended. */
  text(): string;
}

/** Throws a RangeError if an option is not as described. */
export function prometheusExporter({
  prefix = "refold_",
  runs = 100,
}: PrometheusExporterOptions = {}): PrometheusExporter {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) {
    throw new RangeError(`prefix: "${prefix}" cannot begin the name of a metric`);
  }
  const latest = new LatestSnapshots(runs);
  return {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    export: (snapshot: MetricsSnapshot) => latest.put(snapshot),
    text: () =>
      expositionText([
        ...familiesOf(latest.all, prefix),
        {
          name: `${prefix}exporter_dropped_runs_total`,
          type: "counter",
          help: "Runs that were forgotten while they went on, to stay within the limit of the exporter.",
          samples: [one([], latest.dropped)],
        },
      ]),
  };
}
