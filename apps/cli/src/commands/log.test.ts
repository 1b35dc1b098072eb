import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { flow } from "refold";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

async function record(items: Iterable<unknown> | (() => AsyncIterable<unknown>)): Promise<string> {
  const recorded = flow("items", (f) => {
    f.source("source", items)
      .map("same", (item) => item)
      .sink("out", () => undefined);
  });
  await cli.module("items.flow.ts", () => ({ default: recorded }));
  const { stdout } = await cli.refold("run", "items.flow.ts", "--json");
  return (JSON.parse(stdout) as { location: string }).location;
}

async function segmentOf(location: string): Promise<string> {
  const segments = (await readdir(location)).filter((name) => name.endsWith(".seg"));
  expect(segments).toHaveLength(1);
  return join(location, segments[0] ?? "");
}

it("writes one line for each record, in the order of the log, with its place, kind and causes", async () => {
  await record(["a", "b"]);
  const { stdout } = await cli.refold("log", "last");
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^system:0 .* epoch /);
  expect(lines.at(-1)).toMatch(/^system:\d+ .* seal +completed$/);
  const same = lines.filter((line) => / data +same/.test(line));
  expect(same).toHaveLength(2);
  expect(same[0]).toMatch(/^same:\d+ +\d\d:\d\d:\d\d\.\d{3} +data +same "a" ← source:\d+$/);
});

it("gives the same records for machines, whole, with nothing lost", async () => {
  const payload = { big: 12n, none: undefined, long: "x".repeat(500), $odd: new Map([["k", Number.NaN]]) };
  await record([payload]);
  const { stdout } = await cli.refold("log", "last", "--json", "--type", "same");
  expect(JSON.parse(stdout)).toMatchObject({
    kind: "data",
    type: "same",
    version: 1,
    causes: [expect.stringMatching(/^source:\d+$/)],
    payload: {
      $object: {
        big: { $bigint: "12" },
        none: { $undefined: true },
        long: "x".repeat(500),
        $odd: { $map: [["k", { $number: "NaN" }]] },
      },
    },
  });
});

it("shows payloads that were only passed on, which are stored elsewhere", async () => {
  const orders = [{ id: 1 }, { id: 2 }, { id: 3 }];
  const passing = flow("passing", (f) => {
    f.source("orders", orders)
      .filter("odd", ({ id }) => id % 2 === 1)
      .filter("large", ({ id }) => id > 2)
      .sink("out", () => undefined);
  });
  await cli.module("passing.flow.ts", () => ({ default: passing }));
  await cli.refold("run", "passing.flow.ts");
  const lines = (await cli.refold("log", "last", "--type", "odd")).stdout.trimEnd().split("\n");
  expect(lines).toEqual([expect.stringContaining("{id: 1}"), expect.stringContaining("{id: 3}")]);
  const { stdout } = await cli.refold("log", "last", "--json", "--stage", "large", "--type", "data");
  const { origin, payload } = JSON.parse(stdout) as { readonly origin: string; readonly payload: unknown };
  expect(origin).toMatch(/^orders:\d+$/);
  expect(payload).toEqual({ id: 3 });
  expect((await cli.refold("show", "last")).stdout).toContain("large");
  expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
});

it("shows only the stage, and only the type or kind, that are asked for", async () => {
  await record([1, 2]);
  const kinds = async (...argv: string[]): Promise<readonly string[]> => {
    const { stdout } = await cli.refold("log", "last", "--json", ...argv);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { place, kind } = JSON.parse(line) as { place: string; kind: string };
        return `${place.split(":")[0] ?? ""} ${kind}`;
      });
  };
  const out = ["out transition", "out consumed", "out receipt", "out contract"];
  expect(new Set(await kinds("--stage", "out"))).toEqual(new Set(out));
  expect(new Set(await kinds("--type", "seal"))).toEqual(new Set(["system seal"]));
  expect(await kinds("--stage", "same", "--type", "same")).toEqual(["same data", "same data"]);
});

it.each([
  ["--stage", "sauce", /has no stage "sauce"\. It has system, source, same, out/],
  ["--type", "sauce", /has no event type "sauce".*source, same/],
])("refuses %s with a name that the run does not have, and names those it has", async (option, name, expected) => {
  await record([1]);
  const { code, stderr } = await cli.refold("log", "last", option, name);
  expect(code).toBe(3);
  expect(stderr).toMatch(expected);
});

it("follows a run that is still going on to its end, shows it meanwhile, and does not replay it", async () => {
  let proceed: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => (proceed = resolve));
  let begun: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (begun = resolve));
  async function* items(): AsyncGenerator<string> {
    yield "first";
    begun?.();
    await gate;
    yield "second";
  }
  const running = record(() => items());
  await first;
  // The same directories, seen by another command.
  const other = await CliHarness.open();
  const runs = ["--runs", join(cli.cwd, "runs")];
  expect((await other.refold("show", "last", ...runs)).stdout).toMatch(/status +running/);
  const refused = await other.refold("replay", "last", "--verify", ...runs);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/still being written/);
  other.stdout.onWrite = () => {
    if (other.stdout.text.includes('"first"')) proceed?.();
  };
  const followed = await other.refold("log", "last", "--follow", ...runs);
  expect(followed.code).toBe(0);
  expect(followed.stdout).toMatch(/"first"[^]*"second"[^]*seal +completed\n$/);
  await running;
  await other.close();
});

it("tells of an end that was cut short, and shows all that is before it", async () => {
  const location = await record([1, 2, 3]);
  const segment = await segmentOf(location);
  const whole = await readFile(segment);
  await truncate(segment, whole.length - 3);
  for (const argv of [
    ["log", "last"],
    ["show", "last"],
    ["replay", "last", "--verify"],
  ]) {
    const { code, stderr } = await cli.refold(...argv);
    expect(stderr).toMatch(/cut short, as by a crash or a full disk: \d+ bytes in segment \S+ from offset \d+/);
    // Without its seal, the run cannot be certified to its end.
    expect(code).toBe(argv[0] === "replay" ? 2 : 0);
  }
});

it("refuses a log with a flipped byte in the middle, naming segment, offset and frame", async () => {
  const location = await record(Array.from({ length: 2000 }, (_, i) => ({ i, text: "payload" })));
  const segment = await segmentOf(location);
  const bytes = await readFile(segment);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  for (const argv of [
    ["log", "last"],
    ["show", "last"],
    ["replay", "last", "--verify"],
  ]) {
    const { code, stderr } = await cli.refold(...argv);
    expect(code).toBe(3);
    expect(stderr).toMatch(/damaged in segment \S+ at offset \d+, frame \d+/);
  }
});
