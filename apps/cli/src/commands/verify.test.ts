import { flow, type Flow } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

const numbers = (items: readonly number[] = [1, 2, 3], times = 2): Flow =>
  flow("numbers", (f) =>
    f
      .source("counted", items)
      .map("multiplied", (n) => n * times)
      .sink("out", () => undefined),
  );

let described: Flow;

/** Records a run of a flow, and gives its id. */
async function recorded(one: Flow): Promise<string> {
  described = one;
  await cli.module("numbers.flow.ts", () => ({ default: described }));
  const { stdout } = await cli.refold("run", "numbers.flow.ts", "--json");
  return (JSON.parse(stdout) as { readonly runId: string }).runId;
}

describe("refold verify RUN", () => {
  it("tells by its exit code whether the flow still computes what is on record, and keeps nothing of it", async () => {
    const run = await recorded(numbers());
    const matched = await cli.refold("verify", run);
    expect(matched).toMatchObject({ code: 0, stderr: "" });
    expect(matched.stdout).toMatch(/multiplied +transform +0 +3 +0\n[^]*\nmatched: .*\n$/);
    described = numbers([1, 2, 3], 5);
    const diverged = await cli.refold("verify", "last", "--json");
    expect(diverged.code).toBe(1);
    expect(JSON.parse(diverged.stdout)).toMatchObject({ run, verdict: "diverged", first: { stage: "multiplied" } });
    expect((await cli.refold("runs")).stdout.trim().split("\n")).toHaveLength(2);
  });
});

describe("refold verify RUN OTHER", () => {
  it("matches two runs whose stages gave the same", async () => {
    const [first, second] = [await recorded(numbers()), await recorded(numbers())];
    const compared = await cli.refold("verify", first, second);
    expect(compared).toMatchObject({ code: 0, stderr: "" });
    expect(compared.stdout).toMatch(/out +3 +3 +0 +same\n\nmatched: every stage gave the same in both runs\n$/);
  });

  it("shows the first difference of each stage with both sides, and answers 1", async () => {
    const [first, second] = [await recorded(numbers([1, 2])), await recorded(numbers([1, 2, 3], 4))];
    const compared = await cli.refold("verify", first, second);
    expect(compared.code).toBe(1);
    expect(compared.stdout).toMatch(/counted +2 +3 +1 +more\n +multiplied +2 +3 +3 +changed\n +out +2 +3 +1 +more\n/);
    expect(compared.stdout).toMatch(
      /First difference in counted\n {2}first {3}\(no more\)\n {2}second {2}counted:\d+ {2}3\n/,
    );
    expect(compared.stdout).toMatch(
      /First difference in multiplied\n {2}first {3}multiplied:\d+ {2}2\n {2}second .* 4\n/,
    );
    const asJson = JSON.parse((await cli.refold("verify", first, second, "--json")).stdout) as unknown;
    expect(asJson).toMatchObject({ first, second, verdict: "diverged", stages: [{ counts: [2, 3] }, {}, {}] });
  });

  it("refuses runs of other flows, with every difference", async () => {
    const first = await recorded(numbers());
    const second = await recorded(flow("numbers", (f) => f.source("digits", [1]).sink("out", () => undefined)));
    const compared = await cli.refold("verify", first, second);
    expect(compared).toMatchObject({ code: 3, stdout: "" });
    expect(compared.stderr).toMatch(/not of the same flow[^]*"counted"[^]*"multiplied"[^]*"digits"/);
  });
});
