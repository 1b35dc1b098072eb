import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Bench } from "./bench-case.ts";
import { runChild, type CaseRun, type Measured, type Place } from "./child.ts";
import { describeMachine } from "./describe-machine.ts";
import { figureText } from "./figure-text.ts";
import type { Options } from "./options.ts";
import { timeRawWrites } from "./raw-files.ts";
import type { Results } from "./results-file.ts";
import type { Runtime } from "./runtimes.ts";
import { summarize, type Row } from "./summary.ts";
import { tableOf } from "./table.ts";
import { judge } from "./targets.ts";

const SCRATCH = fileURLToPath(new URL("../scratch", import.meta.url));
const PREHEAT_BYTES = { full: 1024 * 1024 * 1024, quick: 64 * 1024 * 1024 } as const;

/** Runs the benches and prints a table of each as it is done. */
export function runBenches(benches: readonly Bench[], options: Options, script: string): Results {
  const measuredAt = new Date().toISOString();
  const scratch = join(options.scratch ?? SCRATCH, `refold-bench-${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  try {
    const machine = describeMachine(scratch);
    console.log(
      Object.entries(machine)
        .map(([what, value]) => `${what}: ${value}`)
        .join(", ") + "\n",
    );
    // The first touch of fresh page cache can be ten times slower than any later one.
    timeRawWrites(scratch, PREHEAT_BYTES[options.scale], false);
    const rows: Row[] = [];
    const failures: string[] = [];
    const runtimes: Partial<Record<Runtime, string>> = {};
    for (const bench of benches) {
      const done = runBench(bench, options, { script, scale: options.scale, scratch });
      rows.push(...done.rows);
      failures.push(...done.failures);
      Object.assign(runtimes, done.runtimes);
      if (done.rows.length > 0) console.log(tableOf(bench.title, done.rows));
    }
    return { measuredAt, scale: options.scale, machine, runtimes, rows, failures };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type BenchDone = Pick<Results, "rows" | "failures" | "runtimes">;

/** Round by round, so that a machine that changes its pace does so to every case alike. */
function runBench(bench: Bench, options: Options, place: Place): BenchDone {
  const cases = bench
    .cases(options.scale)
    .filter(({ label }) => label.includes(options.match))
    .flatMap(({ label }) => options.runtimes.map((runtime): CaseRun => ({ bench: bench.name, label, runtime })));
  const rounds = Math.min(options.runs, bench.mostRuns ?? options.runs);
  const measured = new Map<CaseRun, Measured[]>(cases.map((run) => [run, []]));
  const failures: string[] = [];
  const runtimes: Partial<Record<Runtime, string>> = {};
  for (let round = 1; round <= rounds; round++) {
    for (const [run, sofar] of measured) {
      progress(`${bench.name}, round ${round} of ${rounds}: ${run.label}, ${run.runtime}`);
      try {
        const found = runChild(run, place);
        sofar.push(found);
        runtimes[run.runtime] = found.runtime;
      } catch (failure) {
        failures.push(failure instanceof Error ? failure.message : String(failure));
        measured.delete(run);
      }
    }
  }
  progress("");
  return { rows: [...measured].flatMap(([run, found]) => summarize(run, found)), failures, runtimes };
}

/** Prints each target, and whether it was reached. */
export function printTargets(rows: readonly Row[]): void {
  console.log("Targets, by the medians on Node");
  for (const { says, verdict, found } of judge(rows)) {
    const figure = found === undefined ? "" : `: ${figureText(found.value, found.unit)} ${found.unit}`;
    console.log(`  ${verdict.padEnd(12)}  ${says}${figure}`);
  }
  console.log();
}

/** One line that is written over; a pipe gets none. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
