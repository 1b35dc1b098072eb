import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { RunId, RunManifest } from "@refold/core";
import { flow } from "refold";
import { describeRun } from "@refold/runtime";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CliHarness } from "../test/cli-harness.ts";

const IDS = [
  "01900000-0000-7000-8000-000000000001",
  "01900000-0000-7000-8000-000000000002",
  "01911111-0000-7000-8000-000000000003",
] as const;

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
  for (const [index, id] of IDS.entries()) await makeRun(id, index);
});
afterEach(() => cli.close());

async function makeRun(id: string, createdAtMs: number): Promise<void> {
  const empty = flow("empty", (f) => f.source("items", []).sink("out", () => undefined));
  const definition = empty.build()._unsafeUnwrap();
  const manifest: RunManifest = describeRun(definition, { runId: id as RunId, createdAtMs, durability: "buffered" });
  const log = await cli.openStore(join(cli.cwd, "runs")).create(manifest);
  await log._unsafeUnwrap().close();
}

const directoryOf = (id: string): string => join(cli.cwd, "runs", "empty", id);

async function shown(run: string): Promise<string> {
  const { code, stdout, stderr } = await cli.refold("show", run, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return (JSON.parse(stdout) as { runId: string }).runId;
}

it("finds a run by its id, by a beginning of it in any case, by `last`, and by the path of its directory", async () => {
  expect(await shown(IDS[0])).toBe(IDS[0]);
  expect(await shown("01911")).toBe(IDS[2]);
  expect(await shown(IDS[1].toUpperCase())).toBe(IDS[1]);
  expect(await shown("last")).toBe(IDS[2]);
  expect(await shown(directoryOf(IDS[1]))).toBe(IDS[1]);
  expect(await shown(`runs/empty/${IDS[0]}/`)).toBe(IDS[0]);
});

it("shows a run without a seal and without a writer as interrupted", async () => {
  expect((await cli.refold("runs")).stdout.match(/interrupted/g)).toHaveLength(3);
});

it("does not repeat all of what was typed when that is long", async () => {
  for (const typed of ["x".repeat(100_000), "x/".repeat(50_000)]) {
    const { code, stderr } = await cli.refold("show", typed);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^refold: There is no run [^\n]*x\/?…/);
    expect(stderr.length).toBeLessThan(1500);
  }
});

it("lists those that an ambiguous beginning could mean", async () => {
  const { code, stdout, stderr } = await cli.refold("show", "019000");
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toMatch(/2 runs begin with 019000/);
  expect(stderr).toContain(IDS[0]);
  expect(stderr).toContain(IDS[1]);
  expect(stderr).not.toContain(IDS[2]);
});

it("names the directory it searched and the nearest runs when there is no such run", async () => {
  const { code, stderr } = await cli.refold("log", "01911119");
  expect(code).toBe(3);
  expect(stderr).toContain(join(cli.cwd, "runs"));
  expect(stderr).toMatch(new RegExp(`The nearest:\\n {2}${IDS[2]}`));
});

it("says so when there are no runs at all", async () => {
  for (const run of ["last", "0"]) {
    const { code, stderr } = await cli.refold("show", run, "--runs", "nowhere");
    expect(code).toBe(3);
    expect(stderr).toMatch(/nowhere.*--runs/);
  }
});

it("refuses a path where there is nothing, and a directory that is not a run", async () => {
  const missing = await cli.refold("show", "./elsewhere");
  expect(missing).toMatchObject({ code: 3 });
  expect(missing.stderr).toMatch(/nothing is there/);
  await mkdir(join(cli.cwd, "runs", "empty", "notes"));
  const notARun = await cli.refold("show", "runs/empty/notes");
  expect(notARun.code).toBe(3);
  expect(notARun.stderr).toMatch(/notes is not a run: it has no manifest\.json/);
});

it.each([
  ["cut off", (text: string) => text.slice(0, 40), /cut off/],
  ["of a later format", (text: string) => text.replace('"format": 1', '"format": 7'), /format 7/],
  ["without a field", (text: string) => text.replace('"flow"', '"flaw"'), /`flow` is missing/],
])(
  "refuses a run whose manifest is %s, with the reason, and lists it apart from the others",
  async (_, spoil, reason) => {
    const path = join(directoryOf(IDS[2]), "manifest.json");
    await writeFile(path, spoil(await readFile(path, "utf8")));
    for (const run of [IDS[2], "01911", directoryOf(IDS[2])]) {
      const { code, stdout, stderr } = await cli.refold("replay", run, "--verify");
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(reason);
      expect(stderr).not.toMatch(/\n +at /);
    }
    const runs = await cli.refold("runs");
    expect(runs.code).toBe(0);
    expect(runs.stdout).not.toContain(IDS[2]);
    expect(runs.stderr).toMatch(reason);
  },
);
