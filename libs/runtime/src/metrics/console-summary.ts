import type { EdgeMetrics, HistogramSnapshot, LogMetrics, MetricsSnapshot, StageMetrics } from "@refold/core";

import { bytesText, countText, durationText, NO_FIGURE } from "./figure-text.ts";
import { fittedTable, type Cell, type Column } from "./fitted-table.ts";
import { quantile } from "./quantile.ts";

const LEAST_WIDTH = 40;
const GAP = "  ";

/** What a terminal is to do with a text. The functions may only add what takes no room. */
export interface SummaryColours {
  readonly title: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
}

export interface ConsoleSummaryOptions {
  /** How many characters fit in a line, `Infinity` if any number does; less than 40 is taken for 40. */
  readonly width: number;
  /** Plain text if left out. */
  readonly colour?: SummaryColours;
}

const plain = (text: string): string => text;
const PLAIN: SummaryColours = { title: plain, good: plain, warn: plain, bad: plain, dim: plain };

/**
 * The figures of a run for people to read: the run, a table of its stages, a table of its edges, the log. Lines end in `\n`,
 * but for the last. Where the width is short, columns are left out and names cut. Quantiles are estimates, see `quantile`.
 */
export function consoleSummary(snapshot: MetricsSnapshot, { width, colour = PLAIN }: ConsoleSummaryOptions): string {
  const room = width >= LEAST_WIDTH ? Math.floor(width) : LEAST_WIDTH;
  const table = (columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly string[] =>
    rows.length === 0 ? [] : ["", ...fittedTable(columns, rows, { width: room, title: colour.dim })];
  return [
    ...runLines(snapshot, room, colour),
    ...table(
      STAGE_COLUMNS,
      snapshot.stages.map((stage) => stageRow(stage, colour)),
    ),
    ...table(
      EDGE_COLUMNS,
      snapshot.edges.map((edge) => edgeRow(edge, colour)),
    ),
    "",
    ...logLines(snapshot.log, room, colour),
  ].join("\n");
}

function runLines(run: MetricsSnapshot, width: number, colour: SummaryColours): readonly string[] {
  return filled(
    [
      { text: shortenedTo(width, run.flow), paint: colour.title },
      { text: shortenedTo(width, run.runId), paint: colour.dim },
      stateCell(run.state, colour),
      { text: durationText(run.durationMs) },
      { text: `${countText(run.throughput)} records/s` },
      { text: `latency ${spreadText(run.latencyMs)}` },
    ],
    width,
  );
}

const STAGE_COLUMNS: readonly Column[] = [
  { title: "stage", flexible: true },
  { title: "in", align: "right" },
  { title: "out", align: "right", dropAs: 5 },
  { title: "errors", align: "right" },
  { title: "step p50", align: "right", dropAs: 2 },
  { title: "step p99", align: "right", dropAs: 4 },
  { title: "blocked", align: "right", dropAs: 3 },
  { title: "state", dropAs: 1 },
];

function stageRow(stage: StageMetrics, colour: SummaryColours): readonly Cell[] {
  const errors = Object.values(stage.errors).reduce((total, count) => total + count, 0);
  return [
    { text: stage.stage },
    { text: countText(stage.in) },
    { text: countText(stage.out) },
    { text: countText(errors), paint: errors > 0 ? colour.bad : plain },
    { text: durationText(quantile(stage.stepMs, 0.5)) },
    { text: durationText(quantile(stage.stepMs, 0.99)) },
    { text: durationText(stage.blockedMs) },
    stateCell(stage.state, colour),
  ];
}

const EDGE_COLUMNS: readonly Column[] = [
  { title: "edge", flexible: true },
  { title: "lag", align: "right" },
  { title: "credit", align: "right", dropAs: 1 },
  { title: "liveness" },
  { title: "contracts", flexible: true },
];

function edgeRow(edge: EdgeMetrics, colour: SummaryColours): readonly Cell[] {
  return [
    { text: `${edge.from} → ${edge.to}` },
    { text: countText(edge.lag) },
    { text: `${countText(edge.creditRecords)} of ${countText(edge.windowRecords)}` },
    { text: edge.liveness, paint: livenessColour(edge.liveness, colour) },
    contractsCell(edge, colour),
  ];
}

function contractsCell({ contracts }: EdgeMetrics, colour: SummaryColours): Cell {
  const verdicts = Object.entries(contracts);
  if (verdicts.length === 0) return { text: NO_FIGURE, paint: colour.dim };
  const violated = verdicts.filter(([, verdict]) => verdict === "violated").map(([contract]) => contract);
  if (violated.length === 0) return { text: `${verdicts.length} held`, paint: colour.good };
  return { text: `${violated.join(", ")} violated`, paint: colour.bad };
}

function livenessColour(liveness: EdgeMetrics["liveness"], colour: SummaryColours): (text: string) => string {
  switch (liveness) {
    case "healthy":
    case "recovered":
      return colour.good;
    case "idle":
      return colour.dim;
    case "suspect":
      return colour.warn;
    case "stalled":
      return colour.bad;
  }
}

/** States are the machines' own; only those that need attention or end well stand out. */
function stateCell(state: string, colour: SummaryColours): Cell {
  const paints: Readonly<Record<string, (text: string) => string>> = {
    drained: colour.good,
    cancelled: colour.warn,
    failed: colour.bad,
  };
  return { text: state, paint: paints[state] ?? plain };
}

function logLines(log: LogMetrics, width: number, colour: SummaryColours): readonly string[] {
  return filled(
    [
      { text: "log", paint: colour.title },
      { text: bytesText(log.bytes) },
      { text: `${countText(log.frames)} ${log.frames === 1 ? "frame" : "frames"}` },
      { text: `flush ${spreadText(log.flushMs)}` },
    ],
    width,
  );
}

function spreadText(ms: HistogramSnapshot): string {
  return `p50 ${durationText(quantile(ms, 0.5))}, p99 ${durationText(quantile(ms, 0.99))}`;
}

function shortenedTo(width: number, text: string): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** Puts as many of the texts in each line as fit. */
function filled(cells: readonly Cell[], width: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const { text, paint = plain } of cells) {
    const line = lines.at(-1);
    if (line === undefined || used + GAP.length + text.length > width) {
      lines.push(paint(text));
      used = text.length;
    } else {
      lines[lines.length - 1] = line + GAP + paint(text);
      used += GAP.length + text.length;
    }
  }
  return lines;
}
