import { expect, it } from "vitest";
import { readTotals, sum, totalsOf } from "./totals.ts";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

it("counts every test by its outcome", () => {
  const report = {
    success: false,
    testResults: [file("passed", "passed", "skipped"), file("failed", "failed", "passed")],
  };
  expect(totalsOf(report)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

it("counts a file that could not be loaded as a failure", () => {
  expect(totalsOf({ success: false, testResults: [file("passed", "passed"), file("failed")] })).toMatchObject({
    failed: 1,
  });
});

it("counts an error outside every test as a failure", () => {
  expect(totalsOf({ success: false, testResults: [file("passed", "passed")] })).toMatchObject({ passed: 1, failed: 1 });
});

it("counts a run without a report as a failure", () => {
  expect(readTotals("/no/such/report.json")).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it("adds up runs", () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  expect(sum([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 });
});
