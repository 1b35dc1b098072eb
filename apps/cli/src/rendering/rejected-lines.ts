import type { RejectedInputs } from "../rejected-inputs.ts";
import type { RunStatus } from "../run-status.ts";
import { oneLine } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { counted, countText, tableLines } from "./table.ts";
import { clockText } from "./time-text.ts";
import { previewValue } from "./value-preview.ts";

/** Rejected inputs as text: how many of each kind, then two lines for each of the newest. */
export function rejectedLines(
  { total, groups, newest }: RejectedInputs,
  options: { readonly status: RunStatus; readonly width: number; readonly style: Style },
): readonly string[] {
  const { status, width, style } = options;
  const soFar = status === "running" ? " so far" : "";
  if (total === 0) return [`No input was rejected${soFar}.`];
  const columns = [{ title: "stage" }, { title: "kind" }, { title: "count", align: "right" }] as const;
  const rows = groups.map(({ stage, kind, count }) => [oneLine(stage), kind, countText(count)]);
  const lines = [`${counted(total, "rejected input")}${soFar}`, "", ...tableLines(columns, rows)];
  if (newest.length === 0) return lines;
  lines.push("", newest.length < total ? `The newest ${countText(newest.length)} of them` : "The newest first", "");
  const placeWidth = Math.max(...newest.map(({ place }) => place.length));
  for (const { place, timeMs, kind, message, input } of newest) {
    const head = `  ${place.padEnd(placeWidth)}  ${clockText(timeMs)}  `;
    const room = Math.max(20, width - head.length - kind.length - 2);
    lines.push(`${head}${style.red(kind)}: ${oneLine(message, room)}`);
    const from = `    ← ${input.place} `;
    lines.push(`${style.dim(from)}${previewValue(input.payload, Math.max(20, width - from.length))}`);
  }
  return lines;
}
