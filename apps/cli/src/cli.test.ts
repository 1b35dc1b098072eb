import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { RunManifest } from "@refold/core";
import { toJson } from "@refold/topology";
import { flow, groupBy, onEnd, type Flow } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../test/cli-harness.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";

/** Orders, doubled and summed up by customer; `factor` is what a change of the code changes. */
function orders(factor: (amount: number) => number, delivered: (item: unknown) => void): Flow {
  return flow("orders", (f) => {
    const items = [
      { customer: "ann", amount: 3 },
      { customer: "bob", amount: 5 },
      { customer: "ann", amount: 8 },
    ];
    const priced = f.source("orders", items).map("priced", (order) => ({ ...order, total: factor(order.amount) }));
    priced
      .stateful(
        "by-customer",
        groupBy({
          key: (order) => order.customer,
          initial: () => 0,
          fold: (sum, order) => sum + order.total,
          emit: onEnd(),
        }),
      )
      .sink("report", delivered);
  });
}

const double = (amount: number): number => amount * 2;

let cli: CliHarness;
let delivered: unknown[];
beforeEach(async () => {
  cli = await CliHarness.open();
  delivered = [];
});
afterEach(() => cli.close());

async function recordOrders(): Promise<string> {
  await cli.module("orders.flow.ts", () => ({ default: orders(double, (item) => delivered.push(item)) }));
  const { stdout, code } = await cli.refold("run", "orders.flow.ts", "--json");
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { runId: string }).runId;
}

describe("from a run to its replay", () => {
  it("ends a run with the place where it is kept and the command that replays it, and that command matches", async () => {
    await cli.module("orders.flow.ts", () => ({ default: orders(double, (item) => delivered.push(item)) }));
    const ran = await cli.refold("run", "orders.flow.ts");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/orders completed in/);
    const [, location, id] = /kept in {2}(\S+[/\\]orders[/\\](\S+))/.exec(ran.stdout) ?? [];
    expect(location).toBe(join(cli.cwd, "runs", "orders", id ?? ""));
    expect(JSON.parse(await readFile(join(location ?? "", "manifest.json"), "utf8"))).toMatchObject({ runId: id });
    const [, command = ""] = /replay {3}npx refold (.+)/.exec(ran.stdout) ?? [];
    const replayed = await cli.refold(...command.split(" "));
    expect(replayed).toMatchObject({ code: 0, stderr: "" });
    expect(replayed.stdout).toMatch(/priced +transform +0 +3 +0/);
    expect(replayed.stdout).toMatch(/^matched/m);
  });

  it("names in that command the directory of the runs, quoted for a shell, when it is not the default", async () => {
    await cli.module("orders.flow.ts", () => ({ default: orders(double, () => undefined) }));
    const { stdout } = await cli.refold("run", "orders.flow.ts", "--runs", "other runs");
    expect(stdout).toMatch(/npx refold replay \S+ --verify --runs 'other runs'/);
  });

  it("delivers nothing in a replay, and keeps its report beside what it computed", async () => {
    const id = await recordOrders();
    const before = delivered.length;
    const { stdout, code } = await cli.refold("replay", id, "--verify", "--json");
    expect(code).toBe(0);
    expect(delivered).toHaveLength(before);
    const report = JSON.parse(stdout) as { location: string; verdict: string; replayOf: string };
    expect(report).toMatchObject({ verdict: "matched", replayOf: id });
    expect(JSON.parse(await readFile(join(report.location, "verify.json"), "utf8"))).toEqual(report);
  });

  it("describes what it computed by the flow that computed it, in the lanes and under the settings of the recorded run", async () => {
    const declared = (turned: boolean): Flow =>
      flow("two", (f) => {
        const items = f.source("items", [1, 2]);
        const branches = ["a", "b"].map((name) => () => items.map(name, (n) => n).sink(`${name}-out`, () => undefined));
        for (const branch of turned ? branches.reverse() : branches) branch();
      });
    await cli.module("two.flow.ts", () => ({ default: declared(false) }));
    await cli.module("turned.flow.ts", () => ({ default: declared(true) }));
    const ran = await cli.refold("run", "two.flow.ts", "--json");
    const { runId } = JSON.parse(ran.stdout) as { runId: string };
    const replayed = await cli.refold("replay", runId, "--verify", "--flow", "turned.flow.ts", "--json");
    const { location } = JSON.parse(replayed.stdout) as { location: string };
    const manifestOf = async (run: string): Promise<RunManifest> =>
      JSON.parse(await readFile(join(run, "manifest.json"), "utf8")) as RunManifest;
    const recorded = await manifestOf(join(cli.cwd, "runs", "two", runId));
    const candidate = await manifestOf(location);
    const { name, topology } = declared(true).build()._unsafeUnwrap();
    expect(candidate).toMatchObject({ flow: name, topology: toJson(topology), fingerprint: topology.fingerprint });
    expect(candidate.topology).not.toEqual(recorded.topology);
    const { lanes, types, rootRunId, configuration, durability } = recorded;
    expect(candidate).toMatchObject({ lanes, types, rootRunId, configuration, durability, replayOf: runId });
    expect(candidate.source?.path).toMatch(/turned\.flow\.ts$/);
  });

  it("shows where a changed flow first differs: both sides, the field, the cause and the changed code", async () => {
    const id = await recordOrders();
    const changed = orders(
      (amount) => (amount === 5 ? 11 : amount * 2),
      () => undefined,
    );
    await cli.module("changed.flow.ts", () => ({ default: changed }));
    const { code, stdout, stderr } = await cli.refold("replay", id, "--verify", "--flow", "changed.flow.ts");
    expect(code).toBe(1);
    expect(stderr).toMatch(/not the one that was recorded: its sha256 was [0-9a-f]{12} and is [0-9a-f]{12}/);
    const [, place] = /First divergence: (priced:\d+) .* was computed otherwise/.exec(stdout) ?? [];
    const log = await cli.refold("log", id, "--stage", "priced", "--type", "priced", "--json");
    const second = JSON.parse(log.stdout.split("\n")[1] ?? "") as { place: string; causes: string[]; payload: unknown };
    expect(second.payload).toEqual({ customer: "bob", amount: 5, total: 10 });
    expect(place).toBe(second.place);
    expect(stdout).toContain(`caused by   ${second.causes.join()}`);
    expect(stdout).toMatch(/recorded .*total: 10\}/);
    expect(stdout).toMatch(/recomputed .*total: 11\}/);
    expect(stdout).toMatch(/total {2}10 → 11/);
    // The sums take the recorded prices, so what follows the change is not blamed.
    expect(stdout).toMatch(/by-customer +stateful +0 +2 +0/);
  });

  it("answers 0 for a replay that differs when it was not asked to verify, and still says so", async () => {
    const id = await recordOrders();
    await cli.module("changed.flow.ts", () => ({
      default: orders(
        (amount) => amount,
        () => undefined,
      ),
    }));
    const { code, stdout } = await cli.refold("replay", id, "--flow", "changed.flow.ts");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^diverged/m);
  });

  it("refuses a flow of another shape, and leaves no empty run behind", async () => {
    const id = await recordOrders();
    const other = flow("orders", (f) => f.source("orders", [1]).sink("report", () => undefined));
    await cli.module("other.flow.ts", () => ({ default: other }));
    const { code, stderr } = await cli.refold("replay", id, "--verify", "--flow", "other.flow.ts");
    expect(code).toBe(3);
    expect(stderr).toMatch(/The flow is not the one that was recorded/);
    expect((await cli.refold("runs", "--json")).stdout.trim().split("\n")).toHaveLength(1);
  });

  it("says that the recorded file is gone, and points to --flow", async () => {
    const id = await recordOrders();
    await cli.refold("replay", id);
    const { unlink } = await import("node:fs/promises");
    await unlink(join(cli.cwd, "orders.flow.ts"));
    const { code, stderr } = await cli.refold("replay", id, "--verify");
    expect(code).toBe(3);
    expect(stderr).toMatch(/orders\.flow\.ts, which is gone\. .*--flow/);
  });

  it("takes for `last` the run that was recorded last, not a replay of it", async () => {
    const id = await recordOrders();
    await cli.refold("replay", "last", "--verify");
    const { stdout } = await cli.refold("show", "last", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runId: id });
    expect((await cli.refold("runs")).stdout).toContain(`replays ${id}`);
  });

  it("shows the lifecycle, the records of each lane and the facts from the log alone", async () => {
    const id = await recordOrders();
    const { stdout, code } = await cli.refold("show", id.slice(0, 20));
    expect(code).toBe(0);
    expect(stdout).toMatch(/pipeline +created → materializing \+\d+ ms → .* → drained \+/);
    expect(stdout).toMatch(/report +created → initialized \+.* → running .* → flushing .* → draining .* → drained/);
    expect(stdout).toMatch(/priced +\d+ +3 +\d+ transition, \d+ consumed, 1 contract, 1 end/);
    expect(stdout).toContain(join(cli.cwd, "orders.flow.ts"));
  });
});

describe("what a machine reads", () => {
  it("keeps what the flow prints out of standard output when the outcome is JSON", async () => {
    await cli.module("noisy.flow.ts", () => {
      cli.print("loading");
      return { default: orders(double, () => cli.print("delivered")) };
    });
    const { stdout, stderr } = await cli.refold("run", "noisy.flow.ts", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "completed", flow: "orders", stages: [{}, {}, {}, {}] });
    expect(stderr).toBe("loading\ndelivered\ndelivered\n");
  });

  it.each([
    ["mermaid", /^flowchart LR\n/],
    ["dot", /^digraph "orders" \{/],
    ["json", /"format": "refold-topology"/],
  ])("draws a flow as %s without running it", async (format, expected) => {
    await cli.module("orders.flow.ts", () => ({ default: orders(double, (item) => delivered.push(item)) }));
    const { stdout, code } = await cli.refold("topology", "orders.flow.ts", "--format", format);
    expect(code).toBe(0);
    expect(stdout).toMatch(expected);
    expect(delivered).toEqual([]);
  });

  it("puts no control character on a pipe", async () => {
    await recordOrders();
    for (const argv of [["runs"], ["show", "last"], ["log", "last"], ["replay", "last", "--verify"]]) {
      const { stdout, stderr } = await cli.refold(...argv);

      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    }
  });

  it("colours for a terminal, unless NO_COLOR is set", async () => {
    await recordOrders();
    cli.stdout.isTerminal = true;
    expect((await cli.refold("show", "last")).stdout).toContain("\u001b[");
    cli.env = { NO_COLOR: "1" };
    expect((await cli.refold("show", "last")).stdout).not.toContain("\u001b[");
  });
});

describe("usage", () => {
  it.each([
    [["frobnicate"]],
    [["run"]],
    [["run", "a.ts", "--durability", "none"]],
    [["topology", "a.ts", "--format", "png"]],
    [["log", "last", "--nonsense"]],
    [[]],
  ])("refuses %j with exit code 3, on standard error alone", async (argv) => {
    const { code, stdout, stderr } = await cli.refold(...argv);
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
  });

  it("tells the exit codes in its help, and the README tells the same ones", async () => {
    const { code, stdout } = await cli.refold("--help");
    expect(code).toBe(0);
    expect(stdout).toContain(EXIT_CODES_HELP);
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const inReadme = [...readme.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map(
      ([, exit, meaning]) => `${exit}: ${meaning}`,
    );
    const inHelp = [...EXIT_CODES_HELP.matchAll(/^ {2}(\d+) +(.+)$/gm)].map(
      ([, exit, meaning]) => `${exit}: ${meaning}`,
    );
    expect(inReadme).toEqual(inHelp);
  });

  it("takes the directory of the runs from --runs, then from REFOLD_RUNS, then ./runs", async () => {
    await cli.module("orders.flow.ts", () => ({ default: orders(double, () => undefined) }));
    const location = async (...argv: string[]): Promise<string> =>
      (JSON.parse((await cli.refold("run", "orders.flow.ts", "--json", ...argv)).stdout) as { location: string })
        .location;
    expect(await location()).toContain(join(cli.cwd, "runs", "orders"));
    cli.env = { REFOLD_RUNS: "from-env" };
    expect(await location()).toContain(join(cli.cwd, "from-env", "orders"));
    expect(await location("--runs", "from-option")).toContain(join(cli.cwd, "from-option", "orders"));
  });

  it("ends quietly when nobody reads what it writes any more", async () => {
    await recordOrders();
    let writes = 0;
    cli.stdout.onWrite = () => {
      writes++;
      cli.stdout.closed = true;
    };
    expect(await cli.refold("log", "last")).toMatchObject({ code: 0, stderr: "" });
    expect(writes).toBe(1);
  });
});

it("says that there are no runs, and where it looked", async () => {
  await writeFile(join(cli.cwd, "note.txt"), "");
  expect(await cli.refold("runs")).toEqual({
    code: 0,
    stdout: "",
    stderr: `There are no runs in ${join(cli.cwd, "runs")}.\n`,
  });
});
