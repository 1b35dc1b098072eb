import type { Row } from "./summary.ts";

interface Target {
  readonly bench: string;
  readonly label: string;
  readonly metric: string;
  /** What of the row is judged: its median, unless told. */
  readonly figure?: "ratio";
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly says: string;
}

const SHAPES = [
  "join with 1,000 references",
  "groupBy of 100,000 keys",
  "fan-in of 5 sources",
  "fan-out to 5 stages",
] as const;

/** What is to be reached on Node, on two cores. */
const TARGETS: readonly Target[] = [
  {
    bench: "pipeline",
    label: "3 stages, durable",
    metric: "throughput",
    atLeast: 300_000,
    says: "3 stages, every output journalled, durable: 300,000 events/s",
  },
  ...SHAPES.map((label): Target => ({
    bench: "shapes",
    label,
    metric: "throughput",
    figure: "ratio",
    atLeast: 0.5,
    says: `${label}: half as many records/s as the plain pipeline`,
  })),
  {
    bench: "replay",
    label: "3 stages, nothing written",
    metric: "throughput",
    atLeast: 200_000,
    says: "replay with verify: 200,000 records/s",
  },
  {
    bench: "resume",
    label: "3 stages",
    metric: "until it delivers",
    atMost: 2000,
    says: "a run of 5 million events that was cut short goes on within 2 s",
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
  {
    bench: "stalled",
    label: "stalled sink, then released",
    metric: "pulled while stalled",
    figure: "ratio",
    atMost: 1,
    says: "5 million events behind a stalled sink: no more is pulled than the windows hold",
  },
  {
    bench: "stalled",
    label: "stalled sink, then released",
    metric: "grown while stalled",
    atMost: 16,
    says: "resident memory flat behind a stalled sink: at most 16 MiB more",
  },
  {
    bench: "stalled",
    label: "stalled sink, then released",
    metric: "CPU while stalled",
    atMost: 0.2,
    says: "no busy loop behind a stalled sink: at most 0.2 % of a core",
  },
  {
    bench: "idle",
    label: "1 flow of 100 stages",
    metric: "CPU",
    atMost: 0.2,
    says: "a waiting flow of 100 stages uses no measurable CPU: at most 0.2 % of a core",
  },
  {
    bench: "metrics",
    label: "3 stages, buffered",
    metric: "on",
    figure: "ratio",
    atLeast: 0.95,
    says: "metrics cost less than 5 % of throughput",
  },
  {
    bench: "metrics",
    label: "3 stages, buffered",
    metric: "on, Prometheus each second",
    figure: "ratio",
    atLeast: 0.95,
    says: "metrics with an exporter cost less than 5 % of throughput",
  },
  {
    bench: "metrics",
    label: "3 stages, buffered",
    metric: "on, Prometheus each second: CPU",
    figure: "ratio",
    atMost: 1.05,
    says: "metrics with an exporter cost less than 5 % of processor time",
  },
];

export interface TargetVerdict {
  readonly says: string;
  readonly verdict: "met" | "missed" | "not measured";
  /** What was judged, and its unit. */
  readonly found: { readonly value: number; readonly unit: string } | undefined;
}

/** Each target, and whether what was found on Node reaches it. */
export function judge(rows: readonly Row[]): readonly TargetVerdict[] {
  return TARGETS.map(({ bench, label, metric, figure, atLeast = -Infinity, atMost = Infinity, says }) => {
    const row = rows.find(
      (each) => each.runtime === "node" && each.bench === bench && each.label === label && each.metric === metric,
    );
    const value = figure === "ratio" ? row?.baseline?.ratio : row?.median;
    if (row === undefined || value === undefined) return { says, verdict: "not measured", found: undefined };
    const found = { value, unit: figure === "ratio" ? "x" : row.unit };
    return { says, verdict: value >= atLeast && value <= atMost ? "met" : "missed", found };
  });
}
