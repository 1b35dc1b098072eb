import type { Row } from "./summary.ts";

interface Target {
  readonly bench: string;
  readonly label: string;
  readonly metric: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly says: string;
}

/** What is to be reached on Node, on two cores. */
const TARGETS: readonly Target[] = [
  {
    bench: "pipeline",
    label: "3 stages, durable",
    metric: "throughput",
    atLeast: 300_000,
    says: "3 stages, every output journalled, durable: 300,000 events/s",
  },
  {
    bench: "replay",
    label: "3 stages, nothing written",
    metric: "throughput",
    atLeast: 200_000,
    says: "replay with verify: 200,000 records/s",
  },
  {
    bench: "latency",
    label: "3 stages, durable",
    metric: "p50",
    atMost: 1,
    says: "one event in flight through 3 stages, durable: p50 at most 1 ms",
  },
  {
    bench: "memory",
    label: "resident set",
    metric: "growth",
    atMost: 4,
    says: "resident memory flat from 1 to 5 million events: at most 4 MiB per million",
  },
  {
    bench: "transitions",
    label: "transition",
    metric: "throughput",
    atLeast: 1_000_000,
    says: "machines: 1,000,000 transitions/s",
  },
];

export interface TargetVerdict {
  readonly says: string;
  readonly verdict: "met" | "missed" | "not measured";
  readonly row: Row | undefined;
}

/** Each target, and whether the median on Node reaches it. */
export function judge(rows: readonly Row[]): readonly TargetVerdict[] {
  return TARGETS.map(({ bench, label, metric, atLeast = -Infinity, atMost = Infinity, says }) => {
    const row = rows.find(
      (each) => each.runtime === "node" && each.bench === bench && each.label === label && each.metric === metric,
    );
    if (row === undefined) return { says, verdict: "not measured", row };
    return { says, verdict: row.median >= atLeast && row.median <= atMost ? "met" : "missed", row };
  });
}
