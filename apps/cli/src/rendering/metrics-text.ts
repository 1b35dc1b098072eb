import { consoleSummary } from "@refold/runtime";
import type { MetricsSnapshot } from "@refold/core";

import type { TextOutput } from "../text-output.ts";
import type { Style } from "./style.ts";

const WIDTH = 100;

/** The figures of a run, as wide as the terminal is. */
export function metricsText(snapshot: MetricsSnapshot, output: Pick<TextOutput, "columns">, style: Style): string {
  const colour = { title: style.bold, good: style.green, warn: style.yellow, bad: style.red, dim: style.dim };
  return consoleSummary(snapshot, { width: output.columns ?? WIDTH, colour });
}
