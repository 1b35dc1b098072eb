import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { execute, query } from "../test-support/open-database.ts";

// Each of a dozen processes takes its time to start on a machine with other work.
vi.setConfig({ testTimeout: 240_000 });

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = join(ROOT, "apps/cli/src/main.ts");
const OPEN_DATABASE = new URL("../test-support/open-database.ts", import.meta.url).href;
const RUNTIMES = {
  node: [process.execPath, "--conditions=refold-source", "--import", fileURLToPath(import.meta.resolve("tsx"))],
  bun: [join(ROOT, "node_modules/.bin/bun"), "--conditions=refold-source"],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--conditions=refold-source"],
} as const;
type RuntimeName = keyof typeof RUNTIMES;

/** Items of each of the two stages that the sink reads. */
const ITEMS = 1_500;
/** What the table refuses. */
const isRefused = (n: number): boolean => n % 97 === 13;

/**
 * A process of it kills itself before or after one of the statements that its sink executes, which `KILL_AT` counts, or is killed
 * from outside at some line of standard output.
 */
const FLOW = `
import { flow } from "refold";
import { sqliteSink } from "@refold/sink-sqlite";
import { openDatabase } from ${JSON.stringify(OPEN_DATABASE)};

let left = Number(process.env["KILL_AT"] ?? "0");
const tick = () => {
  if (--left === 0) process.kill(process.pid, "SIGKILL");
};
const mortal = (database) => ({
  close: () => database.close(),
  prepare(sql) {
    const statement = database.prepare(sql);
    const deadly = (method) => (...values) => {
      tick();
      const result = statement[method](...values);
      tick();
      return result;
    };
    return { run: deadly("run"), all: deadly("all") };
  },
});

async function* numbers() {
  for (let n = 0; n < ${ITEMS}; n++) {
    if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (n % 20 === 0) process.stdout.write(n + "\\n");
    yield n;
  }
}

export default flow(
  "rows",
  (f) => {
    const evens = f.source("evens", numbers).map("doubled", (n: number) => 2 * n);
    const odds = f.source("odds", numbers).map("odd", (n: number) => 2 * n + 1);
    f.merge(evens, odds).sink(
      "table",
      sqliteSink({ database: () => mortal(openDatabase("rows.db")), table: "items", row: (n: number, key) => ({ n, key }) }),
    );
  },
  { configuration: { flow: { "sink.batchInputs": 40, "stage.stepInputs": 16, "snapshots.everyRecords": 1000 } } },
);
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-sqlite-killed-"));
  await mkdir(join(folder, "node_modules/@refold"), { recursive: true });
  await symlink(join(ROOT, "libs/refold"), join(folder, "node_modules/refold"), "junction");
  await symlink(join(ROOT, "libs/adapters/sink-sqlite"), join(folder, "node_modules/@refold/sink-sqlite"), "junction");
  const dependencies = { refold: "*", "@refold/sink-sqlite": "*" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }));
  await writeFile(join(folder, "rows.flow.ts"), FLOW);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** When a process is to be killed. */
interface Kill {
  readonly runtime: RuntimeName;
  readonly at: { readonly statement: number } | { readonly line: number; readonly laterMs: number };
}

interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

async function refold(argv: readonly string[], runtime: RuntimeName = "node", at?: Kill["at"]): Promise<Ended> {
  const [command, ...flags] = RUNTIMES[runtime];
  const killAt = at !== undefined && "statement" in at ? `${at.statement}` : "0";
  const child = spawn(command, [...flags, MAIN, ...argv], {
    cwd: folder,
    env: { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "", KILL_AT: killAt },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let lines = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    output += `${line}\n`;
    if (at !== undefined && "line" in at && ++lines === at.line) setTimeout(() => child.kill("SIGKILL"), at.laterMs);
  });
  const code = await new Promise<Ended["code"]>((resolve) => {
    child.on("close", (exit, signal) => resolve(exit ?? signal));
  });
  return { code, output };
}

/** The same kills each time, as far as a kill can be aimed. */
function* seeded(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const there = (["node", "bun", "deno"] as const).filter((runtime) => existsSync(RUNTIMES[runtime][0]));

/** `REFOLD_KILL_SEED` has other processes killed at other moments. */
const SEED = Number(process.env["REFOLD_KILL_SEED"] ?? "20261121");

it(`has each item once, however often it is killed, and verifies (seed ${SEED})`, async () => {
  const chance = seeded(SEED);
  const upTo = (count: number): number => Math.floor(chance.next().value * count);
  const kills = Array.from({ length: 8 }, (): Kill => {
    const runtime = there[upTo(there.length)] ?? "node";
    const at = upTo(4) > 0 ? { statement: 1 + upTo(700) } : { line: 1 + upTo(40), laterMs: upTo(20) };
    return { runtime, at };
  });
  const journal = upTo(2) === 0 ? "WAL" : "DELETE";
  execute(join(folder, "rows.db"), "CREATE TABLE items (n INTEGER CHECK (n % 97 <> 13), key TEXT)");
  expect(query(join(folder, "rows.db"), `PRAGMA journal_mode = ${journal}`)).toEqual([[journal.toLowerCase()]]);

  let begun = false;
  let done = false;
  let killed = 0;
  for (const { runtime, at } of [...kills, { runtime: "node" as const, at: undefined }]) {
    const { code, output } = await refold(begun ? ["resume", "last"] : ["run", "rows.flow.ts"], runtime, at);
    // A kill may come after the last record, and leave nothing to go on with.
    done = code === 0 || (begun && output.includes("has come to its end"));
    expect(code === "SIGKILL" || done, `${JSON.stringify({ runtime, at, code })}\n${output}`).toBe(true);
    if (done) break;
    killed++;
    // It may have been killed before there was a run to go on with.
    begun = existsSync(join(folder, "runs"));
  }
  expect(done).toBe(true);
  // Kills from outside may come late on a fast machine, and the run be done before all of them.
  expect(killed).toBeGreaterThan(0);

  const all = Array.from({ length: 2 * ITEMS }, (_, n) => n);
  const rows = query(join(folder, "rows.db"), "SELECT n FROM items ORDER BY n").flat();
  expect(rows).toEqual(all.filter((n) => !isRefused(n)));
  // One that is even comes from one stage, and in its order; so does one that is odd.
  for (const rest of [0, 1]) {
    const sql = `SELECT n FROM items WHERE n % 2 = ${rest} ORDER BY rowid`;
    expect(query(join(folder, "rows.db"), sql).flat()).toEqual(rows.filter((n) => (n as number) % 2 === rest));
  }
  const [marks] = query(join(folder, "rows.db"), "SELECT count(*), sum(items) FROM refold_deliveries");
  expect(marks).toEqual([2, 2 * ITEMS]);
  const rejections = query(join(folder, "rows.db"), "SELECT count(*) FROM refold_rejections");
  expect(rejections).toEqual([[all.filter(isRefused).length]]);
  const verified = await refold(["replay", "last", "--verify"]);
  expect(verified.code, verified.output).toBe(0);
});
