import type { RunManifest } from "@refold/core";
import type { ConfigurationEntry } from "@refold/runtime";

import { safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/** Every setting that was in effect for a run, with where it came from; defaults step back. */
export function configurationLines(
  { runId, flow }: RunManifest,
  entries: readonly ConfigurationEntry[],
  style: Style,
): readonly string[] {
  const [titles = "", ...rows] = tableLines(
    ["key", "value", "for", "source", "place"].map((title) => ({ title })),
    entries.map((entry) => [
      entry.key,
      safeText(String(entry.value)),
      safeText(scopeText(entry)),
      entry.source,
      safeText(entry.where ?? ""),
    ]),
  );
  return [
    `${style.bold("Configuration")} of ${runId}, flow ${safeText(flow)}`,
    "",
    titles,
    ...rows.map((row, index) => (entries[index]?.source === "default" ? style.dim(row) : row)),
  ];
}

/** What a setting holds for, written as before a key on the command line. */
function scopeText(entry: ConfigurationEntry): string {
  switch (entry.scope) {
    case "global":
    case "flow":
      return entry.scope;
    case "stage":
      return `stage:${entry.stage}`;
    case "edge":
      return `edge:${entry.edge.from}->${entry.edge.to}`;
  }
}
