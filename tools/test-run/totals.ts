import { readFileSync } from "node:fs";

/** Counts of one run or of several. A file that could not be loaded counts as one failed test. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A run that wrote no report, because it died or never started, counts as one failure. */
export function readTotals(reportFile: string): Totals {
  let text: string;
  try {
    text = readFileSync(reportFile, "utf8");
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  // The file was just written by vitest's own JSON reporter.
  return totalsOf(JSON.parse(text) as Report);
}

export function totalsOf(report: Report): Totals {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    let failedInFile = 0;
    for (const test of file.assertionResults) {
      if (test.status === "passed") passed += 1;
      else if (test.status === "failed") failedInFile += 1;
      else skipped += 1;
    }
    failed += file.status === "failed" && failedInFile === 0 ? 1 : failedInFile;
  }
  // An error outside every test, such as an unhandled rejection, fails the run and no test.
  if (!report.success && failed === 0) failed = 1;
  return { passed, failed, skipped };
}

export function sum(all: readonly Totals[]): Totals {
  const start: Totals = { passed: 0, failed: 0, skipped: 0 };
  return all.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    start,
  );
}
