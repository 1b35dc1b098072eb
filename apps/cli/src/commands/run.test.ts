import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  fileStore,
  flow,
  memoryStore,
  placeholder,
  systemClock,
  VERSION,
  type Flow,
  type MetricsSnapshot,
} from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness, type Outcome } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

it("refuses a flow with placeholders before anything is written, and names them all; it can still be drawn", async () => {
  const unfinished = flow("unfinished", (f) => {
    f.source("numbers", [1])
      .map("priced", placeholder<number>("prices are not settled"))
      .sink("out", placeholder("no account"));
  });
  await cli.module("unfinished.flow.ts", () => ({ default: unfinished }));
  const ran = await cli.refold("run", "unfinished.flow.ts");
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("is not finished");
  expect(ran.stderr).toContain('Stage "priced" has a placeholder (prices are not settled)');
  expect(ran.stderr).toContain('Stage "out" has a placeholder (no account)');
  expect((await cli.refold("runs")).stdout).not.toContain("unfinished");
  const drawn = await cli.refold("topology", "unfinished.flow.ts");
  expect(drawn.code).toBe(0);
  expect(drawn.stdout).toContain("stroke-dasharray");
});

describe("a run that does not complete", () => {
  it("tells the stage, the input in hand and the author's own frames when a handler throws, with exit code 1", async () => {
    const bad = flow("bad", (f) =>
      f
        .source("numbers", [1, 2, 3])
        .map("halved", (n) => {
          if (n === 2) throw new RangeError("no twos");
          return n / 2;
        })
        .sink("out", () => undefined),
    );
    await cli.module("bad.flow.ts", () => ({ default: bad }));
    const ran = await cli.refold("run", "bad.flow.ts");
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/bad failed/);
    expect(ran.stdout).toMatch(/stage halved, at the input numbers:\d+: RangeError: no twos/);
    const shown = await cli.refold("show", "last");
    expect(shown.stdout).toMatch(/status +failed: RangeError: no twos/);
    expect(shown.stdout).toMatch(/stage halved, at the input numbers:\d+: RangeError: no twos/);
    const asJson = await cli.refold("show", "last", "--json");
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      status: "failed",
      failure: { stage: "halved", code: "handler-threw", stack: expect.stringContaining("no twos") as string },
    });
  });

  it("takes in no more at the first signal, lets what is on its way arrive, and seals the run as cancelled", async () => {
    const delivered: unknown[] = [];
    await cli.module("endless.flow.ts", () => ({ default: endless(() => cli.signal("SIGTERM"), delivered) }));
    const ran = await cli.refold("run", "endless.flow.ts", "--json");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/Stopping the run after SIGTERM: .* for 30\.0 s\. Once more cancels the run\./);
    expect(cli.exits).toEqual([]);
    const { status, reason, stages } = JSON.parse(ran.stdout) as Ended;
    expect({ status, reason }).toEqual({ status: "cancelled", reason: "stopped by SIGTERM" });
    expect(stages.map(({ state }) => state)).toEqual(["drained", "drained"]);
    expect(stages[0]?.out).toBe(delivered.length);
    expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
    expect((await cli.refold("show", "last")).stdout).toMatch(
      /\nControl\n {2}\+\d+ ms {2}stop-gracefully, reason stopped by SIGTERM, deadline \+30\.\d s\n/,
    );
  });

  it("cancels at the second signal, with the reason of the first", async () => {
    let nowMs = 1_000_000;
    cli.clock = { ...cli.clock, now: () => nowMs };
    const open = deferred();
    const stuck = flow("stuck", (f) => {
      f.source("items", [1, 2]).sink("out", () => {
        cli.signal("SIGINT");
        nowMs += 500;
        cli.signal("SIGINT");
        return open.promise;
      });
    });
    await cli.module("stuck.flow.ts", () => ({ default: stuck }));
    const ran = await cli.refold("run", "stuck.flow.ts", "--set", "shutdown.timeoutMs=10");
    open.resolve();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /for 10 ms\. Once more cancels the run\.\nCancelling the run after SIGINT\. Once more ends/,
    );
    expect(ran.stdout).toMatch(/stuck cancelled in .*: stopped by SIGINT/);
    expect(cli.exits).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("ends at once at a third %s, and counts those of one keystroke once", async (signal, code) => {
    let nowMs = 1_000_000;
    cli.clock = { ...cli.clock, now: () => nowMs };
    const signals = (): void => {
      for (const keystroke of [1, 2, 3]) {
        cli.signal(signal);
        nowMs += 499;
        if (keystroke < 3) cli.signal(signal);
        nowMs += 1;
        expect(cli.exits).toHaveLength(keystroke < 3 ? 0 : 1);
      }
    };
    await cli.module("endless.flow.ts", () => ({ default: endless(signals) }));
    await cli.refold("run", "endless.flow.ts");
    expect(cli.exits).toEqual([code]);
  });

  it("fails and is sealed when an error is caught by nothing, and tells the first one with the author's frames", async () => {
    const crash = (): void => {
      cli.crash(new RangeError("left behind"));
      cli.crash("a consequence");
    };
    await cli.module("endless.flow.ts", () => ({ default: endless(crash) }));
    const ran = await cli.refold("run", "endless.flow.ts");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /^Failing the run after an error that nothing caught: RangeError: left behind\n {4}at .*run\.test\.ts/,
    );
    expect(ran.stderr).not.toContain("consequence");
    expect(ran.stdout).toMatch(/endless failed in/);
    expect(ran.stdout).toMatch(/stage system: aborted: an error that nothing caught: RangeError: left behind/);
    expect((await cli.refold("runs")).stdout).toMatch(/endless +failed/);
  });

  it("tells why the log failed, and that what is on record can be read, with exit code 4", async () => {
    const store = memoryStore();
    cli.openStore = () => store;
    const cause = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    await cli.module("endless.flow.ts", () => ({ default: endless(() => store.fail(cause)) }));
    const ran = await cli.refold("run", "endless.flow.ts");
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/The log failed while the run was going on\. .*no space left on device.*make room/);
    expect(ran.stderr).toMatch(/What is on record can be read: npx refold show/);
  });

  it("answers 4 when the run cannot be made for a reason of the machine", async () => {
    const path = await cli.module("a-file", () => ({}));
    await cli.module("endless.flow.ts", () => ({ default: endless(() => undefined) }));
    const ran = await cli.refold("run", "endless.flow.ts", "--runs", `${path}/below`);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/a-file/);
  });
});

interface Ended {
  readonly status: string;
  readonly reason: string;
  readonly stages: readonly { readonly state: string; readonly in: number; readonly out: number }[];
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A source that never ends by itself; `act` is called once, when some items are on their way. */
function endless(act: () => void, delivered: unknown[] = []) {
  return flow("endless", (f) => {
    async function* items(): AsyncGenerator<number> {
      for (let i = 0; ; i++) {
        if (i === 1000) act();
        // Lets the signal's effect come in between.
        await new Promise<void>((resolve) => void setImmediate(resolve));
        yield i;
      }
    }
    f.source("items", items).sink("out", (item) => void delivered.push(item));
  });
}

describe("a flow that cannot be built", () => {
  it("is told with all that is wrong, numbered, and with nothing recorded", async () => {
    const wrong = flow("wrong", (f) => {
      const items = f.source("items", [1]);
      items.map("not a name", (n) => n);
      items.map("system", (n) => n).sink("out", () => undefined);
    });
    await cli.module("wrong.flow.ts", () => ({ default: wrong }));
    const ran = await cli.refold("run", "wrong.flow.ts");
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(
      /cannot be built, for 3 reasons:\n {2}1\. .*"not a name".*\n {2}2\. .*"system".*\n {2}3\. /,
    );
    expect(ran.stderr).not.toMatch(/\n +at /);
    expect((await cli.refold("runs")).stdout).toBe("");
  });

  it("is told without a number when one thing is wrong", async () => {
    await cli.module("wrong.flow.ts", () => ({
      default: flow("wrong", () => {
        throw new Error("no table");
      }),
    }));
    const { stderr } = await cli.refold("topology", "wrong.flow.ts");
    expect(stderr).toMatch(/cannot be built: The flow's build function threw: no table\n$/);
  });
});

describe("what is set for a run", () => {
  const tuned = (): Flow =>
    flow(
      "tuned",
      (f) =>
        f
          .source("items", [1, 2])
          .map("doubled", (n) => 2 * n)
          .sink("out", () => undefined),
      {
        configuration: { flow: { "shutdown.timeoutMs": 1000, "metrics.intervalMs": 100 } },
      },
    );

  it("comes from the code, the environment, a file and the command line, and is shown with its place", async () => {
    const flowFile = await cli.module("tuned.flow.ts", () => ({ default: tuned() }));
    const configFile = join(cli.cwd, "refold.config.toml");
    await writeFile(configFile, "[flow]\nmetrics.intervalMs = 200\n\n[stages.doubled]\nstage.stepInputs = 5\n");
    cli.env = { REFOLD_METRICS__INTERVAL_MS: "150", REFOLD_CONTROL__CAPACITY_EVENTS: "9" };
    const assignments = ["--set", "edge:items->doubled.flowControl.windowRecords=7", "--set", "liveness.tickMs=50"];
    const ran = await cli.refold("run", "tuned.flow.ts", "--durability", "buffered", ...assignments);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const { code, stdout } = await cli.refold("show", "last", "--config");
    expect(code).toBe(0);
    const rows = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    for (const row of [
      ["key", "value", "for", "source", "place"],
      ["shutdown.timeoutMs", "1000", "flow", "code", flowFile],
      ["metrics.intervalMs", "200", "flow", "file", `${configFile}:2`],
      ["stage.stepInputs", "5", "stage:doubled", "file", `${configFile}:5`],
      ["control.capacityEvents", "9", "flow", "environment", "REFOLD_CONTROL__CAPACITY_EVENTS"],
      ["log.durability", "buffered", "flow", "command line", "--set log.durability=buffered"],
      ["flowControl.windowRecords", "4096", "global", "default"],
      ["flowControl.windowRecords", "7", "edge:items->doubled", "command line", `--set ${assignments[1] ?? ""}`],
    ]) {
      expect(rows).toContainEqual(row);
    }
    expect((await cli.refold("show", "last")).stdout).toMatch(/settings +7 values set, the rest defaults/);
    expect(JSON.parse((await cli.refold("show", "last", "--json")).stdout)).toMatchObject({
      manifest: { durability: "buffered" },
    });
    const asJson = JSON.parse((await cli.refold("show", "last", "--config", "--json")).stdout) as {
      readonly configuration: readonly object[];
    };
    expect(asJson.configuration).toContainEqual({
      key: "stage.stepInputs",
      scope: "stage",
      stage: "doubled",
      value: 5,
      source: "file",
      where: `${configFile}:5`,
    });
  });

  it("comes from the file that is named, and an assignment is stronger than the short form", async () => {
    await cli.module("tuned.flow.ts", () => ({ default: tuned() }));
    await writeFile(join(cli.cwd, "refold.config.toml"), "[flow]\nmetrics.intervalMs = 200\n");
    await writeFile(join(cli.cwd, "other.json"), '{ "flow": { "metrics.intervalMs": 300 } }');
    const argv = ["--config", "other.json", "--set", "log.durability=strict", "--durability", "buffered"];
    expect((await cli.refold("run", "tuned.flow.ts", ...argv)).code).toBe(0);
    const { stdout } = await cli.refold("show", "last", "--config");
    expect(stdout).toMatch(/metrics\.intervalMs +300 +flow +file +\S+other\.json:1\n/);
    expect(stdout).toMatch(/log\.durability +strict/);
  });

  it("is refused with all that is wrong with it, from every source, and nothing is recorded", async () => {
    await cli.module("tuned.flow.ts", () => ({ default: tuned() }));
    await writeFile(join(cli.cwd, "refold.config.json"), '{ "stages": { "dubled": { "stage.stepInputs": 5 } } }');
    cli.env = { REFOLD_LOG__DURABLITY: "strict" };
    const ran = await cli.refold("run", "tuned.flow.ts", "--set", "shutdown.timeoutMs=0");
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/The configuration of the flow in \S+ cannot be used, for 3 reasons:\n {2}1\. /);
    expect(ran.stderr).toMatch(/"REFOLD_LOG__DURABLITY" is not a key\. Did you mean "REFOLD_LOG__DURABILITY"\?/);
    expect(ran.stderr).toMatch(
      /refold\.config\.json(:1)?, "dubled" is not a stage of this flow\. Did you mean "doubled"\?/,
    );
    expect(ran.stderr).toMatch(/--set shutdown\.timeoutMs=0\), "shutdown\.timeoutMs" is 0\. It takes/);
    expect((await cli.refold("runs")).stdout).toBe("");
  });

  it("is refused where its file cannot be read", async () => {
    await cli.module("tuned.flow.ts", () => ({ default: tuned() }));
    const ran = await cli.refold("run", "tuned.flow.ts", "--config", "gone.toml");
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/There is no configuration file \S+gone\.toml/);
  });

  it("cannot be shown of a run that does not have it on record", async () => {
    await cli.module("tuned.flow.ts", () => ({ default: tuned() }));
    const { stdout } = await cli.refold("run", "tuned.flow.ts", "--json");
    const path = join((JSON.parse(stdout) as { readonly location: string }).location, "manifest.json");
    const { configuration: _, ...older } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    await writeFile(path, JSON.stringify(older));
    expect(await cli.refold("show", "last", "--config")).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/does not have its configuration on record/) as string,
    });
    await writeFile(path, JSON.stringify({ ...older, configuration: [{ key: "log.durability" }] }));
    const { code, stderr } = await cli.refold("show", "last", "--config");
    expect(code).toBe(3);
    expect(stderr).toMatch(/cannot be shown: .*entry 1 has no scope for "log\.durability"/);
  });
});

describe("the figures of a run", () => {
  const counted = (): Flow => flow("counted", (f) => f.source("items", [1, 2, 3]).sink("out", () => undefined));

  it("are shown at its end with --metrics, and not without", async () => {
    await cli.module("counted.flow.ts", () => ({ default: counted() }));
    cli.stdout.columns = 60;
    const { stdout } = await cli.refold("run", "counted.flow.ts", "--metrics");
    const [, figures = ""] = /\n {2}replay .*\n\n([^]*)$/.exec(stdout) ?? [];
    expect(figures).toMatch(/^counted {2}/);
    expect(figures).toMatch(/^ {2}items → out +0 +.*healthy/m);
    expect(Math.max(...figures.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
    expect((await cli.refold("run", "counted.flow.ts")).stdout).not.toMatch(/items → out/);
  });

  it("are in the JSON, exact", async () => {
    await cli.module("counted.flow.ts", () => ({ default: counted() }));
    const { metrics, runId } = JSON.parse((await cli.refold("run", "counted.flow.ts", "--json")).stdout) as {
      readonly metrics: MetricsSnapshot;
      readonly runId: string;
    };
    expect(metrics).toMatchObject({ runId, flow: "counted", state: "drained" });
    expect(metrics.stages.map(({ stage, in: taken, out, state }) => [stage, taken, out, state])).toEqual([
      ["items", 3, 3, "drained"],
      ["out", 3, 0, "drained"],
    ]);
    expect(metrics.edges).toMatchObject([{ from: "items", to: "out", lag: 0, contracts: { transport: "held" } }]);
  });
});

it("shows progress on a terminal while the run goes on, leaves nothing of it, and does not mix it with what is printed", async () => {
  cli.stderr.isTerminal = true;
  cli.stderr.columns = 60;
  const screens: string[] = [];
  let tick: (() => void) | undefined;
  cli.clock = { ...cli.clock, schedule: (_, run) => ((tick = run), () => undefined) };
  const printing = flow("printing", (f) => {
    f.source("items", [1]).sink("out", () => {
      tick?.();
      cli.print("a result");
      screens.push(cli.stderr.text);
    });
  });
  await cli.module("printing.flow.ts", () => ({ default: printing }));
  const { stderr } = await cli.refold("run", "printing.flow.ts");
  expect(screens[0]).toMatch(/printing: [a-z-]+, .*\n +items +1 in +1 out/);
  // Erased before the print, and at the end.
  expect(screens[0]?.endsWith("\u001b[3A\u001b[J")).toBe(true);
  expect(stderr.endsWith("\u001b[J")).toBe(true);
});

describe("a run with snapshots", () => {
  /** Goes on until `isDone`, and takes snapshots as often as it can. */
  async function runUntil(
    isDone: (run: string) => boolean | Promise<boolean>,
    settings: object = {},
  ): Promise<Outcome> {
    async function* items(): AsyncGenerator<string> {
      const [id = ""] = await readdir(join(cli.cwd, "runs", "long"));
      for (let n = 0; n < MOST_ITEMS && !(await isDone(join(cli.cwd, "runs", "long", id))); n++) {
        yield "x".repeat(100);
        await systemClock.turn();
      }
    }
    const configuration = { flow: { "snapshots.everyMs": 1, "log.durability": "buffered", ...settings } } as const;
    const long = flow("long", (f) => f.source("items", () => items()).sink("out", () => undefined), { configuration });
    await cli.module("long.flow.ts", () => ({ default: long }));
    return cli.refold("run", "long.flow.ts");
  }
  const MOST_ITEMS = 100_000;

  it("completes where they cannot be kept, and says so", async () => {
    const ran = await runUntil(async (run) => {
      if (!existsSync(join(run, "snapshots"))) await writeFile(join(run, "snapshots"), "not a folder");
      return cli.stderr.text !== "";
    });
    expect(ran.stderr).toMatch(/^refold: warning: a snapshot could not be kept \(Error: E[^\n]+snapshots'?\)\n$/);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/long completed/) as string });
  });

  it("tells how to verify what is left when its beginning was let go of, and not how to replay it", async () => {
    cli.openStore = (directory) => fileStore({ directory, segmentBytes: 2000 });
    // Snapshots are for the version that took them.
    cli.version = VERSION;
    const ran = await runUntil((run) => existsSync(join(run, "retention.json")), { "retention.mode": "drop" });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).not.toMatch(/refold replay/);
    const [, command = ""] = / {2}verify {3}npx refold (.+)/.exec(ran.stdout) ?? [];
    // Nothing has diverged: the beginning is not there to be certified.
    expect(await cli.refold(...command.split(" "))).toMatchObject({ code: 2, stderr: "" });
  });
});
