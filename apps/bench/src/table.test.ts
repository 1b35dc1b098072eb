import { expect, it } from "vitest";
import type { Measured } from "./child.ts";
import { summarize, type Row } from "./summary.ts";
import { tableOf } from "./table.ts";
import { judge } from "./targets.ts";

const run = { bench: "pipeline", label: "3 stages, durable", runtime: "node" } as const;

function measured(value: number, plain: number): Measured {
  return {
    runtime: "node 20",
    metrics: [
      { name: "throughput", unit: "events/s", value, baseline: { what: "a loop", value: plain } },
      { name: "on disk", unit: "B", value: 230 },
    ],
  };
}

const rows = summarize(run, [measured(400_000, 4_000_000), measured(200_000, 1_000_000), measured(300_000, 1_500_000)]);

it("takes the ratio run by run, not of the medians", () => {
  expect(rows[0]).toMatchObject({ median: 300_000, min: 200_000, max: 400_000, runs: 3 });
  expect(rows[0]?.baseline).toEqual({ what: "a loop", median: 1_500_000, ratio: 0.2 });
  expect(rows[1]?.baseline).toBeUndefined();
});

it("shows each figure with its spread, its baseline and the ratio", () => {
  expect(tableOf("Pipelines", rows)).toBe(`Pipelines

case               runtime              median      min .. max  unit      baseline  ratio
-----------------  -------  ----------  ------  --------------  --------  --------  -----
3 stages, durable  node     throughput   300 k  200 k .. 400 k  events/s    1.50 M  0.20x
                            on disk        230      230 .. 230  B

baseline: a loop
`);
});

it("tells baselines apart when there are several", () => {
  const other: Row = { ...(rows[0] as Row), label: "5 stages", baseline: { what: "a stream", median: 1, ratio: 2 } };
  const table = tableOf("Pipelines", [...rows, other]);
  expect(table).toContain("[1] baseline: a loop\n[2] baseline: a stream\n");
});

it("judges the median on Node against the targets", () => {
  const verdictOf = (row: Row): unknown => judge([row]).find(({ says }) => says.startsWith("3 stages"))?.verdict;
  const [row] = rows as [Row];
  expect(verdictOf(row)).toBe("met");
  expect(verdictOf({ ...row, median: 299_999 })).toBe("missed");
  expect(verdictOf({ ...row, runtime: "bun" })).toBe("not measured");
});
