import { flow } from "refold";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CliHarness } from "../test/cli-harness.ts";
import { Warnings } from "./warnings.ts";

let cli: CliHarness;
let warnings: Warnings;
beforeEach(async () => {
  cli = await CliHarness.open();
  warnings = new Warnings(cli);
});
afterEach(() => cli.close());

it("tells the same message once, with the detail that it first had", () => {
  warnings.warn("a snapshot could not be kept", { cause: "Error: ENOSPC" });
  warnings.warn("a snapshot could not be kept", { cause: "Error: EIO" });
  warnings.error("observer seen is quarantined: no", { input: "items:3", stack: "at a\nat b" });
  warnings.error("observer other is quarantined: no", { input: "" });
  expect(cli.stderr.text.split("\n")).toEqual([
    "refold: warning: a snapshot could not be kept (Error: ENOSPC)",
    "refold: warning: observer seen is quarantined: no (input: items:3)",
    "refold: warning: observer other is quarantined: no",
    "",
  ]);
});

it("stays on one line, commands no terminal, and comes to an end", () => {
  for (let n = 0; n < 1000; n++) warnings.warn(`\u001b[2J${n}\nrefold: done`, { cause: "x".repeat(10_000) });
  const lines = cli.stderr.text.split("\n");
  expect(lines).toHaveLength(101);
  expect(lines[0]).toMatch(/^refold: warning: \\u001b\[2J0\\nrefold: done \(x+…\)$/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(1100);
});

it("tells what befalls a run that is resumed, and a fork", async () => {
  let isFirst = true;
  const items = Array.from({ length: 100 }, (_, n) => n);
  const observed = flow(
    "observed",
    (f) =>
      f
        .source("items", items)
        .observe("seen", () => {
          if (!isFirst) throw new Error("no");
        })
        .sink("out", () => {
          if (isFirst) throw new Error("the account is locked");
        }),
    { configuration: { flow: { "flowControl.windowRecords": 2 } } },
  );
  await cli.module("observed.flow.ts", () => ({ default: observed }));
  expect(await cli.refold("run", "observed.flow.ts")).toMatchObject({ code: 1, stderr: "" });
  isFirst = false;
  for (const argv of [
    ["resume", "last"],
    ["fork", "last", "--at", "0"],
  ]) {
    const { code, stderr } = await cli.refold(...argv);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^refold: warning: observer seen is quarantined: .*no \(input: items:\d+\)$/m);
  }
});
