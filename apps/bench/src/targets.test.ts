import { expect, it } from "vitest";

import type { Row } from "./summary.ts";
import { judge } from "./targets.ts";

const row = (found: Pick<Row, "bench" | "label" | "metric" | "median"> & Partial<Row>): Row => ({
  runtime: "node",
  unit: "events/s",
  runs: 3,
  min: found.median,
  max: found.median,
  baseline: undefined,
  ...found,
});

const verdictOf = (rows: readonly Row[], says: RegExp): string | undefined =>
  judge(rows).find((each) => says.test(each.says))?.verdict;

it("judges a median by its limit, the limit itself included", () => {
  const latency = (median: number): Row[] => [
    row({ bench: "latency", label: "3 stages, durable", metric: "p50", median }),
  ];
  expect(verdictOf(latency(1), /p50/)).toBe("met");
  expect(verdictOf(latency(1.01), /p50/)).toBe("missed");
});

it("judges what is a share of its baseline by the ratio, whatever the medians are", () => {
  const metrics = (ratio: number): Row[] => [
    row({
      bench: "metrics",
      label: "3 stages, buffered",
      metric: "on",
      median: 1,
      baseline: { what: "off", median: 1, ratio },
    }),
  ];
  expect(verdictOf(metrics(0.96), /^metrics cost less than 5 % of throughput$/)).toBe("met");
  expect(verdictOf(metrics(0.94), /^metrics cost less than 5 % of throughput$/)).toBe("missed");
});

it("takes nothing for measured that was measured on another runtime", () => {
  const onBun = row({ runtime: "bun", bench: "latency", label: "3 stages, durable", metric: "p50", median: 0.1 });
  expect(new Set(judge([onBun]).map(({ verdict }) => verdict))).toEqual(new Set(["not measured"]));
});
