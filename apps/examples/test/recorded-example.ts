import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { replayFlow, runFlow, type RecordedRun } from "@refold/testkit";
import { memoryStore, type Flow } from "refold";
import { expect, vi } from "vitest";

/** The text of a data file, read without the code of the examples. */
export function rawData(name: string): string {
  return readFileSync(
    join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data", name),
    "utf8",
  );
}

/** Runs an example to its end, has its replay match, and gives what is on record and what was printed. */
export async function recordedExample(
  flow: Flow,
): Promise<{ readonly recorded: RecordedRun; readonly printed: readonly string[] }> {
  const store = memoryStore();
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    const { report, recorded } = await runFlow(flow, { store });
    const printed = log.mock.calls.map(([line]) => String(line));
    expect(report).toMatchObject({ status: "completed", fault: undefined });
    const replay = await replayFlow(flow, { store });
    expect(replay.report).toMatchObject({ verdict: "matched", first: undefined });
    expect(log.mock.calls).toHaveLength(printed.length);
    return { recorded, printed };
  } finally {
    log.mockRestore();
  }
}
