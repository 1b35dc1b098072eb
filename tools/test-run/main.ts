// Runs the suite on each named runtime (all of them by default) and ends with a line of totals:
//   node --import tsx tools/test-run/main.ts [node|bun|deno …] [argument of vitest …]

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "../workspace/packages.ts";
import { commandOf } from "./command.ts";
import { isRuntime, RUNTIMES } from "./runtime.ts";
import { readTotals, sum } from "./totals.ts";

const vitest = join(REPOSITORY_ROOT, "node_modules/vitest/vitest.mjs");

const named = process.argv.slice(2).filter(isRuntime);
const passedOn = process.argv.slice(2).filter((argument) => !isRuntime(argument));
const runtimes = named.length === 0 ? RUNTIMES : named;

const kept = process.env["REFOLD_TEST_REPORTS"];
const reports = kept ?? mkdtempSync(join(tmpdir(), "refold-test-"));
mkdirSync(reports, { recursive: true });

let failedRuns = 0;
const results = runtimes.map((runtime) => {
  const [command, ...before] = commandOf(runtime);
  const report = join(reports, `${runtime}.json`);
  rmSync(report, { force: true });
  console.log(`\n── ${runtime}`);
  const run = spawnSync(command, [...before, vitest, "run", ...passedOn], {
    cwd: REPOSITORY_ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, REFOLD_TEST_REPORTS: reports },
  });
  if (run.status !== 0) failedRuns += 1;
  return { runtime, totals: readTotals(report) };
});
if (kept === undefined) rmSync(reports, { recursive: true });

for (const { runtime, totals } of results) {
  console.log(`${runtime.padEnd(5)} ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
}
const total = sum(results.map((result) => result.totals));
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = failedRuns === 0 && total.failed === 0 ? 0 : 1;
