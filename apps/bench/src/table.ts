import { figureText } from "./figure-text.ts";
import type { Row } from "./summary.ts";

const HEAD = ["case", "runtime", "", "median", "min .. max", "unit", "baseline", "ratio"];
const RIGHT_ALIGNED: ReadonlySet<number> = new Set([3, 4, 6, 7]);

/** The rows of one bench as a table in plain text, and below it what the baselines are. */
export function tableOf(title: string, rows: readonly Row[]): string {
  const baselines = [...new Set(rows.flatMap(({ baseline }) => baseline?.what ?? []))];
  const cells = rows.map((row, index) => cellsOf(row, rows[index - 1], baselines));
  const widths = HEAD.map((head, column) => Math.max(head.length, ...cells.map((line) => line[column]?.length ?? 0)));
  const lines = [HEAD, widths.map((width) => "-".repeat(width)), ...cells].map((line) =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0, RIGHT_ALIGNED.has(column)))
      .join("  ")
      .trimEnd(),
  );
  const notes = baselines.map((what, index) => `${mark(baselines, index)}baseline: ${what}`);
  return [title, "", ...lines, "", ...notes, ""].join("\n");
}

/** The label of a case stands on its first line only. */
function cellsOf(row: Row, above: Row | undefined, baselines: readonly string[]): readonly string[] {
  const sameCase = above?.label === row.label;
  const { baseline, unit } = row;
  const text = (value: number): string => figureText(value, unit);
  return [
    sameCase ? "" : row.label,
    sameCase && above.runtime === row.runtime ? "" : row.runtime,
    row.metric,
    text(row.median),
    row.runs === 1 ? "one run" : `${text(row.min)} .. ${text(row.max)}`,
    unit,
    baseline === undefined ? "" : `${mark(baselines, baselines.indexOf(baseline.what))}${text(baseline.median)}`,
    baseline === undefined ? "" : `${figureText(baseline.ratio, "")}x`,
  ];
}

/** Which of several baselines is meant. One alone needs no mark. */
function mark(baselines: readonly string[], index: number): string {
  return baselines.length < 2 ? "" : `[${index + 1}] `;
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
