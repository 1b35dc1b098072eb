import type { MetricsSnapshot } from "@refold/core";
import { sampleMetrics } from "@refold/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";

import { consoleSummary, type SummaryColours } from "./console-summary.ts";

const marked = (mark: string) => (text: string) => `<${mark}>${text}</${mark}>`;
const MARKS: SummaryColours = {
  title: marked("title"),
  good: marked("good"),
  warn: marked("warn"),
  bad: marked("bad"),
  dim: marked("dim"),
};
const withoutMarks = (text: string): string => text.replace(/<\/?(title|good|warn|bad|dim)>/g, "");

function summarised(change: (sample: MetricsSnapshot) => Partial<MetricsSnapshot>, width = 120): string {
  const sample = sampleMetrics({ records: 1_234 });
  return consoleSummary({ ...sample, ...change(sample) }, { width });
}

it("shows the run, its stages, its edges and its log", () => {
  expect(consoleSummary(sampleMetrics({ records: 1_234 }), { width: 120 })).toBe(
    [
      "orders  01900001-0000-7000-8000-000000000000  running  1.23 s  1,000 records/s  latency p50 5.51 ms, p99 10.0 ms",
      "",
      "  stage       in    out  errors  step p50  step p99  blocked  state",
      "  numbers      0  1,234       0   5.51 ms   10.0 ms   309 ms  running",
      "  report   1,234      0   1,234   5.51 ms   10.0 ms   309 ms  running",
      "",
      "  edge              lag          credit  liveness  contracts",
      "  numbers → report   24  1,000 of 1,024  healthy   source violated",
      "",
      "log  111 kB  1,234 frames  flush p50 5.51 ms, p99 10.0 ms",
    ].join("\n"),
  );
});

it("leaves out columns and cuts names where the width is short, but never the stage, its intake and its errors", () => {
  expect(consoleSummary(sampleMetrics({ records: 1_234 }), { width: 40 })).toBe(
    [
      "orders",
      "01900001-0000-7000-8000-000000000000",
      "running  1.23 s  1,000 records/s",
      "latency p50 5.51 ms, p99 10.0 ms",
      "",
      "  stage       in    out  errors",
      "  numbers      0  1,234       0",
      "  report   1,234      0   1,234",
      "",
      "  edge        lag  liveness  contracts",
      "  numbers →…   24  healthy   source vio…",
      "",
      "log  111 kB  1,234 frames",
      "flush p50 5.51 ms, p99 10.0 ms",
    ].join("\n"),
  );
});

it("keeps to the width, whatever the names and the figures", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), minLength: 1, maxLength: 64 });
  const figure = fc.oneof(fc.nat(9_999), fc.maxSafeNat(), fc.double({ min: 0, noNaN: true }));
  fc.assert(
    fc.property(name, name, figure, figure, fc.integer({ min: 40, max: 200 }), (flow, stage, count, ms, width) => {
      const sample = sampleMetrics({ flow });
      const text = consoleSummary(
        {
          ...sample,
          durationMs: ms,
          throughput: count,
          stages: sample.stages.map((each) => ({ ...each, stage, in: count, out: count, blockedMs: ms })),
          edges: sample.edges.map((each) => ({ ...each, from: stage, to: stage, lag: count, windowRecords: count })),
          log: { ...sample.log, bytes: count, frames: count },
        },
        { width },
      );
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});

it("takes a width that is too short for the shortest that can be kept", () => {
  const sample = sampleMetrics();
  const shortest = consoleSummary(sample, { width: 40 });
  for (const width of [0, -1, 39.9, Number.NaN]) expect(consoleSummary(sample, { width })).toBe(shortest);
});

it("cuts and wraps nothing where any length of line fits", () => {
  const text = consoleSummary(sampleMetrics({ flow: "f".repeat(64) }), { width: Infinity });
  expect(text.split("\n").length).toBe(10);
  expect(text).not.toContain("…");
});

it("adds nothing but the colours it is given, and lays out as if there were none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 140 }), (width) => {
      const sample = sampleMetrics({ state: "failed" });
      const coloured = consoleSummary(sample, { width, colour: MARKS });
      expect(withoutMarks(coloured)).toBe(consoleSummary(sample, { width }));
      expect(coloured).toContain("<bad>failed</bad>");
      expect(coloured).toContain("<good>healthy</good>");
    }),
  );
});

it("paints bad nothing but what is bad", () => {
  const sample = sampleMetrics();
  const edges = sample.edges.map((edge) => ({ ...edge, contracts: { transport: "held", source: "held" } as const }));
  const coloured = consoleSummary({ ...sample, edges }, { width: 120, colour: MARKS });
  expect(coloured).toContain("<good>2 held</good>");
  expect(coloured.match(/<bad>/g)?.length).toBe(1);
});

it("says where there is no figure yet, and where there is no limit", () => {
  const none = { bounds: [1], counts: [0, 0], count: 0, sum: 0 };
  const text = summarised((sample) => ({
    latencyMs: none,
    edges: sample.edges.map((edge) => ({
      ...edge,
      windowRecords: Infinity,
      creditRecords: Infinity,
      contracts: {},
    })),
  }));
  expect(text).toContain("latency p50 –, p99 –");
  expect(text).toMatch(/∞ of ∞ {2}healthy {3}–$/m);
});

it("leaves out the tables of a run without stages", () => {
  expect(summarised(() => ({ stages: [], edges: [] })).split("\n").length).toBe(3);
});
