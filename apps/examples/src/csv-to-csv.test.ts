import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { memoryStore, openRun } from "refold";
import { FlowRun, tapLog } from "@refold/testkit";
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";

import csvToCsv from "./csv-to-csv.flow.ts";
import { dataFile } from "./data-file.ts";

let directory: string;
let output: string;
let log: MockInstance<typeof console.log>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-csv-to-csv-"));
  output = join(directory, "strikes.csv");
  vi.stubEnv("OUTPUT", output);
  log = vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  log.mockRestore();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** The file that is to be written, by plain loops over the lines: no field of the data set holds a comma or a quote. */
function writtenAnew(): string {
  const lines = ["date,state,species,dollars,knots"];
  for (const line of dataFile("birdstrikes.csv").trim().split(/\r?\n/).slice(1)) {
    const fields = line.split(",");
    expect(fields).toHaveLength(14);
    const [date, state, species, dollars, knots] = [3, 5, 8, 12, 13].map((field) => fields[field] ?? "");
    if (knots !== "") lines.push([date, state, species, dollars, knots].join(","));
  }
  return `${lines.join("\n")}\n`;
}

describe("the strikes of birds", () => {
  it("are in the new file but for those whose speed is not known, which are on record as rejected", async () => {
    const run = (await openRun(csvToCsv, { store: memoryStore() }))._unsafeUnwrap();
    const { report, metrics } = await run.handle.runWithMetrics();
    expect(report).toMatchObject({ status: "completed", fault: undefined });
    expect(readFileSync(output, "utf8")).toBe(writtenAnew());
    const rejected = metrics.stages.find(({ stage }) => stage === "strikes")?.errors.deserialization;
    expect(rejected).toBe(10_000 - (writtenAnew().split("\n").length - 2));
    expect(rejected).toBeGreaterThan(2_000);
    expect(log.mock.calls).toEqual([[`${rejected} left out: the speed "" is no whole number`]]);
  });

  it("are in the new file once each when the run is killed, again and again, and resumed", async () => {
    const store = memoryStore();
    const diskFull = { kind: "storage", operation: "write", path: "runs", cause: new Error("ENOSPC") } as const;
    let run = await FlowRun.open(csvToCsv, {
      store,
      tap: (log) => tapLog(log, { before: (_, number) => (number === 40 ? diskFull : undefined) }),
    });
    let kills = 0;
    let { status } = await run.run();
    for (; status === "failed"; kills++) {
      run = await FlowRun.resume(csvToCsv, {
        store,
        tap: (log) => tapLog(log, { before: (_, number) => (number === 100 ? diskFull : undefined) }),
      });
      ({ status } = await run.run());
    }
    expect(status).toBe("completed");
    expect(kills).toBeGreaterThan(2);
    expect(readFileSync(output, "utf8")).toBe(writtenAnew());
  });
});
