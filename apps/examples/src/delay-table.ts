import type { CommitHandle, SinkConnector } from "refold";

import { decimalText } from "./decimal-text.ts";
import type { RankedRow } from "./ranking.ts";

/** A sink that gathers its rows, and prints them as a table when it is flushed, which is when there are no more. */
export function delayTable(print: (text: string) => void = (text) => console.log(text)): SinkConnector<RankedRow> {
  return {
    guarantee: "at-least-once",
    describe: () => "table on the console",
    open(context) {
      const rows: RankedRow[] = [];
      const handles: CommitHandle[] = [];
      return {
        // Nobody has seen a row before the table is printed, so nothing says so.
        write(batch) {
          rows.push(...batch.items);
          handles.push(batch.buffer());
          return { outcome: "buffered" };
        },
        flush() {
          print(delayTableText(rows.splice(0)));
          for (const handle of handles.splice(0)) context.commit(handle);
        },
      };
    },
  };
}

const TITLES = ["rank", "origin", "flights", "mean delay", "late > 15 min"];

/** The table as text: mean delay in minutes, and the share of late flights in percent. */
function delayTableText(rows: readonly RankedRow[]): string {
  const cells = rows.map((row) => [
    row.rank === undefined ? "–" : String(row.rank),
    row.state,
    String(row.flights),
    `${decimalText(row.delayMinutes, row.flights, 2)} min`,
    `${decimalText(row.late * 100, row.flights, 2)} %`,
  ]);
  const widths = TITLES.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return [
    "Delay of flights by the state where they began",
    "",
    line(TITLES),
    line(widths.map((width) => "─".repeat(width))),
    ...cells.map(line),
    "",
    "Ranked by mean delay, the longest first; of equal means, more flights first, then by name.",
    "– is not one of the 50 states, and is not ranked.",
  ].join("\n");
}
