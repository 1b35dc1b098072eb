import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { memoryStore, openRun } from "refold";
import { FlowRun, tapLog } from "@refold/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { dataFile } from "./data-file.ts";
import { openDatabase } from "./open-database.ts";
import strikesToSqlite from "./strikes-to-sqlite.flow.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "refold-strikes-to-sqlite-"));
  path = join(directory, "strikes.db");
  vi.stubEnv("DATABASE", path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

type Row = readonly unknown[];

async function query(sql: string): Promise<readonly Row[]> {
  const database = await openDatabase(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row): Row => Object.values(row as object));
  } finally {
    database.close();
  }
}

/** The rows of both tables, by plain loops over the lines: no field of the data set holds a comma or a quote. */
function countedAnew(): { readonly strikes: readonly Row[]; readonly states: readonly Row[] } {
  const strikes: Row[] = [];
  const states = new Map<string, { strikes: number; dollars: number }>();
  for (const line of dataFile("birdstrikes.csv").trim().split(/\r?\n/).slice(1)) {
    const [date, state = "", species, dollars, knots] = [3, 5, 8, 12, 13].map((field) => line.split(",")[field]);
    if (knots === "") continue;
    const sum = states.get(state) ?? { strikes: 0, dollars: 0 };
    states.set(state, { strikes: sum.strikes + 1, dollars: sum.dollars + Number(dollars) });
    if (Number(knots) > 0) strikes.push([date, state, species, Number(dollars), Number(knots)]);
  }
  const byName = [...states].sort(([a], [b]) => (a < b ? -1 : 1));
  return { strikes, states: byName.map(([state, sum]) => [state, sum.strikes, sum.dollars]) };
}

async function expectTables(): Promise<void> {
  const { strikes, states } = countedAnew();
  expect(await query("SELECT date, state, species, dollars, knots FROM strikes ORDER BY rowid")).toEqual(strikes);
  expect(await query("SELECT state, strikes, dollars FROM states ORDER BY state")).toEqual(states);
}

describe("the strikes of birds", () => {
  it("are rows of the database, and counted by state, but for those that the table refuses", async () => {
    const run = (await openRun(strikesToSqlite, { store: memoryStore() }))._unsafeUnwrap();
    const { report, metrics } = await run.handle.runWithMetrics();
    expect(report).toMatchObject({ status: "completed", fault: undefined });
    await expectTables();
    const errors = metrics.stages.find(({ stage }) => stage === "strikes-out")?.errors;
    expect(errors).toMatchObject({ domain: 19, validation: 0 });
  });

  it("are rows of the database once each when the run is killed, again and again, and resumed", async () => {
    const store = memoryStore();
    const diskFull = { kind: "storage", operation: "write", path: "runs", cause: new Error("ENOSPC") } as const;
    const killedAt = (frame: number): { readonly tap: Parameters<typeof FlowRun.resume>[1]["tap"] & {} } => ({
      tap: (log) => tapLog(log, { before: (_, number) => (number === frame ? diskFull : undefined) }),
    });
    let run = await FlowRun.open(strikesToSqlite, { store, ...killedAt(60) });
    let kills = 0;
    let { status } = await run.run();
    for (; status === "failed"; kills++) {
      run = await FlowRun.resume(strikesToSqlite, { store, ...killedAt(150) });
      ({ status } = await run.run());
    }
    expect(status).toBe("completed");
    expect(kills).toBeGreaterThan(2);
    await expectTables();
  });
});
