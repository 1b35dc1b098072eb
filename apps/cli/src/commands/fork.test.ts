import { flow, type Flow } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

const delivered: number[] = [];

const numbers = (times = 2): Flow =>
  flow(
    "numbers",
    (f) =>
      f
        .source("counted", [1, 2, 3, 4])
        .map("multiplied", (n) => n * times)
        .sink("out", (n) => void delivered.push(n)),
    { configuration: { flow: { "stage.stepInputs": 1 } } },
  );

let described: Flow;

/** Records a run, and gives the place of its third product. */
async function recorded(): Promise<string> {
  described = numbers();
  await cli.module("numbers.flow.ts", () => ({ default: described }));
  await cli.refold("run", "numbers.flow.ts");
  const products = (await cli.refold("log", "last", "--stage", "multiplied", "--type", "multiplied", "--json")).stdout;
  const [, , third = ""] = products.trim().split("\n");
  delivered.length = 0;
  return (JSON.parse(third) as { readonly place: string }).place;
}

describe("refold fork", () => {
  it("goes on from a point of a complete run with other code, and shows what that changes", async () => {
    const at = await recorded();
    described = numbers(10);
    const forked = await cli.refold("fork", "last", "--at", at);
    expect(forked).toMatchObject({ code: 0, stderr: "" });
    expect(forked.stdout).toMatch(/numbers completed in/);
    expect(forked.stdout).toMatch(
      /stage +original +fork +differing\n +counted +4 +4 +0 +same\n +multiplied +4 +4 +2 +changed\n +out +4 +4 +0 +same\n/,
    );
    expect(forked.stdout).toMatch(/First difference in multiplied\n {2}original .* 6\n {2}fork .* 30\n/);
    expect(forked.stdout).toMatch(/\nDifferent: the fork's outputs differ from the original's\.\n/);
    expect(forked.stdout).not.toMatch(/diverged/);
    // What has a receipt by then is not delivered again.
    expect(delivered.slice(-2)).toEqual([30, 40]);
    expect((await cli.refold("show", "last")).stdout).toMatch(/fork of +[0-9a-f-]{36}, at frame \d+\n/);
    expect((await cli.refold("show", "last")).stdout).toMatch(
      /Epochs\n.*\n.* forked\n.* [0-9a-f]{12} +same +completed +forced\n/,
    );
    expect((await cli.refold("runs")).stdout).toMatch(/forks [0-9a-f-]{36}/);
  });

  it("comes to the same with the code that was recorded, verifies, and can be set otherwise", async () => {
    const at = await recorded();
    const forked = await cli.refold("fork", "last", "--at", at, "--set", "sink.batchInputs=1", "--json");
    expect(forked.code).toBe(0);
    expect(JSON.parse(forked.stdout)).toMatchObject({
      status: "completed",
      forkOf: { at: expect.any(Number) as number },
      comparison: { verdict: "matched" },
    });
    expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
    expect((await cli.refold("show", "last", "--config")).stdout).toMatch(/sink\.batchInputs +1 .*command line/);
    expect((await cli.refold("log", "last", "--type", "epoch", "--json")).stdout).not.toMatch(/"forced":true/);
  });

  it("goes on from the very beginning, and from no point that there is not", async () => {
    await recorded();
    expect((await cli.refold("fork", "last", "--at", "0")).code).toBe(0);
    expect(delivered).toEqual([2, 4, 6, 8]);
    for (const [at, why] of [
      ["soon", /"soon" is no point of a run/],
      ["99999", /The run has \d+ frames, and nothing at 99999/],
      ["multiplied:999", /nothing at multiplied:999/],
    ] as const) {
      const refused = await cli.refold("fork", "last", "--at", at);
      expect(refused).toMatchObject({ code: 3, stdout: "" });
      expect(refused.stderr).toMatch(why);
    }
    const frames = JSON.parse((await cli.refold("show", "last", "--json")).stdout) as { readonly frames: number };
    const behind = await cli.refold("fork", "last", "--at", String(frames.frames));
    expect(behind).toMatchObject({ code: 3, stdout: "" });
    expect(behind.stderr).toMatch(/had come to its end by then: .* Fork it at an earlier point/);
    expect((await cli.refold("runs")).stdout.trim().split("\n")).toHaveLength(3);
  });
});
