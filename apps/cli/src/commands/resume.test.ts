import { rm } from "node:fs/promises";
import { join } from "node:path";

import { effect, EffectFailure, flow, systemClock, type Flow } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness, type Outcome } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

interface Numbers {
  readonly times?: number;
  readonly delivered?: number[];
  /** Called by the sink before it takes a product. */
  readonly meet?: (product: number) => void | Promise<void>;
}

const numbers = ({ times = 2, delivered = [], meet = () => undefined }: Numbers = {}): Flow =>
  flow(
    "numbers",
    (f) =>
      f
        .source("counted", [1, 2, 3, 4])
        .map("multiplied", (n) => n * times)
        .sink("out", async (product) => {
          await meet(product);
          delivered.push(product);
        }),
    { configuration: { flow: { "sink.batchInputs": 1 } } },
  );

const failing = (product: number): void => {
  if (product === 4) throw new Error("the account is locked");
};

let described: Flow;

/** A run that has failed before its second product was delivered. */
async function failedRun(): Promise<Outcome> {
  described = numbers({ meet: failing });
  await cli.module("numbers.flow.ts", () => ({ default: described }));
  return cli.refold("run", "numbers.flow.ts");
}

describe("refold resume", () => {
  it("goes on with a run that failed, by the command that `run` told of, and what it amounts to verifies", async () => {
    const ran = await failedRun();
    expect(ran.code).toBe(1);
    const [, command = ""] = / {2}resume {3}npx refold (.+)/.exec(ran.stdout) ?? [];
    const delivered: number[] = [];
    described = numbers({ delivered });
    const resumed = await cli.refold(...command.split(" "));
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(delivered).toEqual([4, 6, 8]);
    expect(resumed.stdout).toMatch(/numbers completed in/);
    expect(resumed.stdout).toMatch(/ stage +in +out +now in +now out +state\n +counted +4 +4 +0 +0 +drained\n/);
    expect(resumed.stdout).toMatch(/ out +4 +0 +3 +0 +drained\n/);
    expect(resumed.stdout).not.toMatch(/refold resume/);
    expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
    const runs = (await cli.refold("runs")).stdout;
    expect(runs.match(/numbers +completed/g)).toHaveLength(2);
  });

  it("goes on with a run that a signal had stopped, and can be stopped itself", async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    described = numbers({
      meet: () => {
        cli.signal("SIGINT");
        return answered;
      },
    });
    await cli.module("numbers.flow.ts", () => ({ default: described }));
    const ran = await cli.refold("run", "numbers.flow.ts", "--set", "shutdown.timeoutMs=10", "--json");
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      status: "cancelled",
      resume: expect.stringMatching(/^npx refold resume [0-9a-f-]{36}$/) as string,
    });
    const again = await cli.refold("resume", "last");
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/Stopping the run after SIGINT: .* for 10 ms/);
    described = numbers();
    const ended = await cli.refold("resume", "last", "--json");
    answer();
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      status: "completed",
      resume: null,
      stages: [{ stage: "counted", in: 4, out: 4, earlier: { in: 4, out: 4, rejected: 0 } }, {}, { in: 4 }],
    });
    expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
  });

  it("says who holds a run that is being written, in this and in a second resume", async () => {
    let second: Promise<Outcome> | undefined;
    const inner = await CliHarness.open();
    const meet = async (): Promise<void> => {
      second ??= inner.refold(
        "resume",
        "last",
        "--runs",
        join(cli.cwd, "runs"),
        "--flow",
        join(cli.cwd, "numbers.flow.ts"),
      );
      await second;
    };
    await failedRun();
    await inner.module(join("..", cli.cwd.split("/").at(-1) ?? "", "numbers.flow.ts"), () => ({ default: numbers() }));
    described = numbers({ meet });
    expect((await cli.refold("resume", "last")).code).toBe(0);
    expect(await second).toMatchObject({ code: 3, stdout: "" });
    expect((await second)?.stderr).toMatch(/held for writing by .*Wait until that process has ended/);
    await inner.close();
  });

  it("makes calls again that have failed on record when it is told to, which is on record", async () => {
    let isDown = true;
    let calls = 0;
    const charge = effect({
      name: "charge",
      safety: "keyed",
      run: (amount: number) => {
        calls++;
        return isDown ? new EffectFailure({ error: "remote", message: "is down", detail: undefined }) : amount;
      },
    });
    described = flow("charges", (f) =>
      f
        .source("amounts", [5])
        .effectful("charged", {
          effects: { charge },
          handle: async (amount, { effects }) => {
            const charged = await effects.charge(amount);
            if (charged.isErr()) throw new Error(charged.error.message);
            return charged.value;
          },
        })
        .sink("out", () => undefined),
    );
    await cli.module("numbers.flow.ts", () => ({ default: described }));
    const failed = await cli.refold("run", "numbers.flow.ts");
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/resume {3}npx refold resume \S+ --retry-failed/);
    isDown = false;
    expect((await cli.refold("resume", "last")).code).toBe(1);
    expect(calls).toBe(1);
    expect((await cli.refold("resume", "last", "--retry-failed")).code).toBe(0);
    expect(calls).toBe(2);
    expect((await cli.refold("log", "last", "--type", "effect-started")).stdout).toMatch(/attempt: 2/);
    expect((await cli.refold("log", "last", "--type", "epoch", "--json")).stdout).toMatch(/"retryFailed":true/);
    expect((await cli.refold("show", "last")).stdout).toMatch(
      /same +completed +failed calls tried again, 1 call made again/,
    );
    expect((await cli.refold("verify", "last")).code).toBe(0);
  });

  it("says so where the clock is behind the last time on record", async () => {
    await failedRun();
    described = numbers();
    cli.clock = { ...systemClock, now: () => systemClock.now() - 3_600_000 };
    const resumed = await cli.refold("resume", "last");
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(
      /^The clock is (?:59 min 5\d s|60 min 0 s) behind the last time on record: .* goes on from there/,
    );
  });

  it("refuses a run that is complete, and a replay", async () => {
    await failedRun();
    described = numbers();
    await cli.refold("resume", "last");
    const complete = await cli.refold("resume", "last");
    expect(complete).toMatchObject({ code: 3, stdout: "" });
    expect(complete.stderr).toMatch(/The run has come to its end/);
    const { stdout } = await cli.refold("replay", "last", "--json");
    const replay = await cli.refold("resume", (JSON.parse(stdout) as { readonly run: string }).run);
    expect(replay.code).toBe(3);
    expect(replay.stderr).toMatch(/is a replay of [0-9a-f-]{36}/);
  });

  it("names the flow file that is gone, and takes another", async () => {
    await failedRun();
    await rm(join(cli.cwd, "numbers.flow.ts"));
    const gone = await cli.refold("resume", "last");
    expect(gone.code).toBe(3);
    expect(gone.stderr).toMatch(/numbers\.flow\.ts, which is gone\. Name the file that holds it now with --flow/);
    await cli.module("moved.flow.ts", () => ({ default: numbers() }));
    expect((await cli.refold("resume", "last", "--flow", "moved.flow.ts")).code).toBe(0);
  });

  it("lists every difference of a flow that has other stages", async () => {
    await failedRun();
    described = flow("numbers", (f) => f.source("digits", [1]).sink("out", () => undefined));
    const refused = await cli.refold("resume", "last");
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toMatch(/cannot be gone on with:\n(?: {2}- .*\n){4,}/);
  });

  it("shows where the code does not compute what is on record, as verify does, and goes on when it is forced", async () => {
    await failedRun();
    described = numbers({ times: 3 });
    const refused = await cli.refold("resume", "last");
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/First divergence: multiplied:\d+ .*\n.*\n {2}recorded +2\n {2}recomputed +3\n/);
    expect(refused.stderr).toMatch(/does not compute what is on record, first at multiplied:\d+\. .*`--force` does/);
    const asJson = await cli.refold("resume", "last", "--json");
    expect(JSON.parse(asJson.stdout)).toMatchObject({ verdict: "diverged", first: { stage: "multiplied" } });
    expect((await cli.refold("resume", "last", "--force")).code).toBe(0);
    expect((await cli.refold("log", "last", "--type", "epoch", "--json")).stdout).toMatch(/"forced":true/);
  });
});
