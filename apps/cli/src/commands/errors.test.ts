import { readdir, truncate, readFile } from "node:fs/promises";
import { join } from "node:path";

import { eventType } from "@refold/core";
import { ok } from "neverthrow";
import { flow, reject, type Flow } from "refold";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

async function record(described: Flow): Promise<string> {
  await cli.module("the.flow.ts", () => ({ default: described }));
  const { stdout } = await cli.refold("run", "the.flow.ts", "--json");
  return (JSON.parse(stdout) as { location: string }).location;
}

/** Odd numbers leave at the first stage, multiples of ten stay in band as errors of the second. */
const checking = (numbers: Iterable<number> | (() => AsyncIterable<number>)): Flow =>
  flow("checking", (f) => {
    const even = f
      .source("numbers", numbers)
      .tryMap("even", (n) => (n % 2 === 1 ? reject("permanent", `${n} is odd`) : ok({ n })));
    const checked = even.tryMap("checked", ({ n }) => (n % 10 === 0 ? reject("domain", "round\nnumber") : ok(n)));
    checked.map("handed-on", (n) => n).sink("out", () => undefined);
  });

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

it("counts rejected inputs by stage and kind, each once, and lists the newest with what was rejected and where it stands", async () => {
  await record(checking(upTo(25)));
  const { code, stdout } = await cli.refold("errors", "last", "--limit", "3");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      [
        "^15 rejected inputs\n\n  stage    kind       count\n  even     permanent     13\n  checked  domain         2\n",
        "\nThe newest 3 of them\n\n",
        "  \\S+:\\d+ +\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  domain: round\\\\nnumber\n    ← even:\\d+ {n: 20}\n",
        "  \\S+:\\d+ +\\S+  domain: round\\\\nnumber\n    ← even:\\d+ {n: 10}\n",
        "  even:\\d+ +\\S+  permanent: 25 is odd\n    ← numbers:\\d+ 25\n$",
      ].join(""),
    ),
  );
});

it("gives the same to machines, whole", async () => {
  await record(checking([1, 2, 10]));
  const { stdout } = await cli.refold("errors", "last", "--json");
  const found = JSON.parse(stdout) as { readonly newest: readonly { readonly input: { readonly place: string } }[] };
  expect(found).toMatchObject({
    flow: "checking",
    status: "completed",
    total: 2,
    groups: [
      { stage: "even", kind: "permanent", count: 1 },
      { stage: "checked", kind: "domain", count: 1 },
    ],
    newest: [
      { stage: "checked", kind: "domain", message: "round\nnumber", input: { payload: { n: 10 } } },
      { stage: "even", kind: "permanent", message: "1 is odd", input: { payload: 1 } },
    ],
  });
  // The place is that of the record which the payload is of.
  for (const { input } of found.newest) {
    const [stage = ""] = input.place.split(":");
    const log = (await cli.refold("log", "last", "--stage", stage, "--json")).stdout.trimEnd().split("\n");
    const line = log
      .map((text) => JSON.parse(text) as object)
      .find((each) => "place" in each && each.place === input.place);
    expect(line).toMatchObject({ payload: (input as { readonly payload?: unknown }).payload });
  }
});

it("finds the input of a stage that reads one branch of several, or what another one rejected", async () => {
  const [low, high] = [eventType<number>("low"), eventType<number>("high")];
  await record(
    flow("branches", (f) => {
      const parts = f.source("numbers", upTo(20)).route("parts", { low, high }, (n, to) => {
        to.low(n);
        to.high(n * 100);
      });
      const first = parts.high.tryMap("first", (n) => (n === 700 ? reject("remote", "no") : ok(n)));
      const second = first.errors.tryMap("second", ({ message }) => reject("unknown", message));
      for (const [name, stream] of Object.entries({ low: parts.low, first, second })) {
        stream.sink(`${name}-out`, () => undefined);
      }
    }),
  );
  const { stdout } = await cli.refold("errors", "last", "--json");
  const { newest } = JSON.parse(stdout) as {
    readonly newest: readonly { readonly place: string; readonly input: { readonly place: string } }[];
  };
  expect(newest).toHaveLength(2);
  // What the second stage took is the error of the first.
  expect(newest[0]?.input.place).toBe(newest[1]?.place);
  const parts = (await cli.refold("log", "last", "--stage", "parts", "--type", "high", "--json")).stdout.split("\n");
  const seventh = JSON.parse(parts[6] ?? "") as { readonly place: string };
  expect(newest[1]?.input.place).toBe(seventh.place);
});

it("says so when there are none, lists none on request, and refuses a limit that is no number", async () => {
  await record(checking([2, 4]));
  expect((await cli.refold("errors", "last")).stdout).toBe("No input was rejected.\n");
  expect(JSON.parse((await cli.refold("errors", "last", "--json")).stdout)).toMatchObject({ total: 0, newest: [] });
  await record(checking([1]));
  expect((await cli.refold("errors", "last", "--limit", "0")).stdout).toMatch(/^1 rejected input\n\n.*\n.* 1\n$/);
  for (const limit of ["-1", "x", "1.5", "100001"]) {
    const { code, stderr } = await cli.refold("errors", "last", `--limit=${limit}`);
    expect(code).toBe(3);
    expect(stderr).toMatch(/whole number from 0 to 100000/);
  }
});

it("shows what there is of a run that is still being written", async () => {
  let proceed: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (proceed = resolve));
  let begun: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (begun = resolve));
  const running = record(
    checking(async function* () {
      yield* [1, 3, 10];
      begun();
      await gate;
      yield 5;
    }),
  );
  await first;
  const other = await CliHarness.open();
  const errors = async (): Promise<string> =>
    (await other.refold("errors", "last", "--runs", join(cli.cwd, "runs"))).stdout;
  let text = await errors();
  // What the source has given goes on record by and by.
  while (!text.includes("3 is odd")) text = await errors();
  expect(text).toMatch(/rejected inputs? so far\n/);
  expect(text).not.toContain("5 is odd");
  proceed();
  await running;
  expect(await errors()).toMatch(/^4 rejected inputs\n/);
  await other.close();
});

it("shows what is whole of a run that was cut short, and says where it was cut", async () => {
  const location = await record(checking(upTo(25)));
  const [segment = ""] = (await readdir(location)).filter((name) => name.endsWith(".seg"));
  const { length } = await readFile(join(location, segment));
  await truncate(join(location, segment), length - 3);
  const { code, stdout, stderr } = await cli.refold("errors", "last");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^15 rejected inputs\n/);
  expect(stderr).toMatch(/cut short/);
});
