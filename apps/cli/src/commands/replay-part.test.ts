import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { FrameDecoder, type LogRecord, type RunId } from "@refold/core";
import { ManualClock } from "@refold/testkit";
import { effect, flow, poll, type Flow } from "refold";
import { v7 } from "uuid";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

let called: string[] = [];
let described: Flow;

const numbers = (times = 2): Flow =>
  flow(
    "numbers",
    (f) =>
      f
        .source("counted", [1, 2, 3])
        .map("multiplied", (n) => (called.push("multiplied"), n * times))
        .map("shown", (n) => (called.push("shown"), `${n}`))
        .sink("out", () => undefined),
    { configuration: { flow: { "stage.stepInputs": 1 } } },
  );

/** Records a run, and gives the places of what `multiplied` gave. */
async function recorded(one: Flow = numbers()): Promise<readonly string[]> {
  described = one;
  await cli.module("numbers.flow.ts", () => ({ default: described }));
  await cli.refold("run", "numbers.flow.ts");
  called = [];
  const log = await cli.refold("log", "last", "--stage", "multiplied", "--type", "multiplied", "--json");
  const lines = log.stdout.trim().split("\n").filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { readonly place: string }).place);
}

/** How many runs there are. */
const runs = async (): Promise<number> => (await readdir(join(cli.cwd, "runs", "numbers"))).length;

describe("a part of a run", () => {
  it("ends with the record of --until, says what is left out, and keeps the rest as a run of its own", async () => {
    const [first = ""] = await recorded();
    const replayed = await cli.refold("replay", "last", "--verify", "--until", first);
    expect(replayed).toMatchObject({ code: 0, stderr: "" });
    expect(replayed.stdout).toMatch(
      new RegExp(`\\nLeft out: Frames \\d+ to \\d+ were left out: [^\\n]* up to ${first}\\.\\nmatched: `),
    );
    const json = JSON.parse((await cli.refold("verify", "last", "--until", first, "--json")).stdout) as object;
    expect(json).toMatchObject({ verdict: "matched", leftOut: [expect.stringContaining(first) as string] });
  });

  it("is one stage with --stage: its handler alone is called", async () => {
    await recorded();
    const verified = await cli.refold("verify", "last", "--stage", "shown");
    expect(verified.code).toBe(0);
    expect(called).toEqual(["shown", "shown", "shown"]);
    expect(verified.stdout).toMatch(/shown +transform +0 +3 +0\n\nLeft out: Only stage "shown" was computed/);
    expect(verified.stdout).not.toMatch(/^ *multiplied/m);
  });

  it("gives the command that stops before the input that the first divergence came of", async () => {
    await recorded();
    described = numbers(5);
    const { stdout } = await cli.refold("verify", "last", "--flow", "numbers.flow.ts", "--runs", "runs");
    const command = /debug +npx refold (verify \S+ --runs runs --flow numbers\.flow\.ts .*)\n/.exec(stdout)?.[1] ?? "";
    expect(command).toMatch(/ --stage multiplied --inspect-brk --break-at counted:\d+$/);
    const url = "ws://127.0.0.1:9229/1";
    const opened: unknown[] = [];
    cli.inspector = {
      open: (...asked) => void opened.push(asked),
      url: () => (opened.length > 0 ? url : undefined),
      waitForDebugger: () => void opened.push("waited"),
    };
    called = [];
    const again = await cli.refold(...command.split(" "));
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(
      /^Stage multiplied is about to take counted:\d+\.\nWaiting for a debugger to attach to ws:/,
    );
    expect(opened).toEqual([[undefined, "127.0.0.1", false], "waited"]);
  });

  it("takes another port where the usual one is taken, and an inspector that is there as it is", async () => {
    const [first = ""] = await recorded();
    const ports: unknown[] = [];
    cli.inspector = {
      open: (port) => void ports.push(port),
      url: () => (ports.length > 1 ? "ws://127.0.0.1:1/1" : undefined),
      waitForDebugger: () => undefined,
    };
    const asked = ["verify", "last", "--inspect-brk", "--break-at", first] as const;
    expect((await cli.refold(...asked)).stderr).toMatch(/attach to ws:\/\/127\.0\.0\.1:1\/1,/);
    expect(ports).toEqual([undefined, 0]);
    expect((await cli.refold(...asked)).stderr).not.toMatch(/attach/);
    expect(ports).toHaveLength(2);
    const already = Object.assign(new Error("it is there"), { code: "ERR_INSPECTOR_ALREADY_ACTIVATED" });
    const open = (): never => {
      throw already;
    };
    cli.inspector = { open, url: () => undefined, waitForDebugger: () => undefined };
    expect((await cli.refold(...asked)).stderr).not.toMatch(/attach|cannot/);
    cli.inspector = {};
    expect((await cli.refold(...asked)).stderr).toMatch(/opens no inspector for a program\. .*bun --inspect-wait/);
  });

  it("says so where no handler takes what is named", async () => {
    await recorded();
    const { code, stderr } = await cli.refold("verify", "last", "--break-at", "counted:0");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Nothing stopped: no handler took counted:0 in what was replayed.\n",
    });
  });

  it("says so where the replay ends before it, which keeps standard output for machines", async () => {
    const places = await recorded();
    const [first = "", last = ""] = [places.at(0), places.at(-1)];
    for (const command of ["verify", "replay"]) {
      const { stdout, stderr } = await cli.refold(command, "last", "--until", first, "--break-at", last, "--json");
      expect(stderr).toBe(`Nothing stopped: no handler took ${last} in what was replayed.\n`);
      expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    }
  });

  it.each([
    ["--stage", "shwn", /no stage "shwn"\. Did you mean "shown"\?/],
    ["--stage", "counted", /"counted" is a source: .* These are: multiplied, shown\./],
    ["--until", "multiplied:99", /"multiplied" has no record multiplied:99: it has multiplied:0 to multiplied:\d+\./],
    ["--until", "99999", /no frame 99999: it has frames 0 to \d+\./],
    ["--until", "later", /"later" names no record\. Give its place as stage:seq/],
    ["--break-at", "shown:3", /No handler that a replay calls takes shown:3\. It is read by: out\./],
    ["--break-at", "multiplyed:3", /no stage "multiplyed"\. Did you mean "multiplied"\?/],
    ["--break-at", "3", /"3" names no record/],
  ])("is refused with what there is, and leaves no run behind: %s %s", async (option, value, told) => {
    await recorded();
    for (const command of ["verify", "replay"]) {
      const { code, stdout, stderr } = await cli.refold(command, "last", option, value);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(told);
    }
    expect(called).toEqual([]);
    expect(await runs()).toBe(1);
  });

  it("is refused where options make no sense together", async () => {
    const [first = ""] = await recorded();
    const alone = await cli.refold("verify", "last", "--inspect-brk");
    expect(alone).toMatchObject({ code: 3, stderr: expect.stringContaining("--break-at stage:seq") as string });
    const two = await cli.refold("verify", "last", "last", "--until", first);
    expect(two).toMatchObject({ code: 3, stderr: expect.stringContaining("Name one run for") as string });
    for (const speed of ["0", "-1", "fast", ""]) {
      expect((await cli.refold("replay", "last", "--speed", speed)).stderr).toMatch(/must be a number above 0/);
    }
    expect((await cli.refold("replay", "last", "--real-time", "--speed", "2")).code).toBe(3);
  });
});

describe("refold verify --cascade", () => {
  it("shows of each stage how far a divergence reaches, and answers by the divergence alone", async () => {
    await recorded();
    described = numbers(5);
    const plain = await cli.refold("verify", "last");
    expect(plain.stdout).not.toContain("What would have followed");
    const { code, stdout } = await cli.refold("verify", "last", "--cascade");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /multiplied +changed +- +3 changed\n +shown +changed +3 changed +3 changed\n +out +changed +3 changed +-\n/,
    );
    expect(stdout).toMatch(/\n {2}multiplied:\d+ {2}2 → 5\n {2}shown:\d+ {2}"2" → "5"\n/);
    const json = JSON.parse((await cli.refold("verify", "last", "--cascade", "--json")).stdout) as object;
    expect(json).toMatchObject({ cascade: [{ stage: "multiplied" }, { inputs: { changed: 3 } }, { first: null }] });
    const both = await cli.refold("verify", "last", "--cascade", "--stage", "shown");
    expect(both).toMatchObject({ code: 3, stderr: expect.stringContaining("cannot be used with") as string });
    // The report that is kept with a replay has it as well.
    const replayed = JSON.parse((await cli.refold("replay", "last", "--cascade", "--json")).stdout) as {
      location: string;
    };
    const kept = JSON.parse(await readFile(join(replayed.location, "verify.json"), "utf8")) as unknown;
    expect(kept).toEqual(replayed);
  });
});

describe("a run whose record of outside calls was edited", () => {
  it("diverges, with the place of the call and what is wrong with it, and nothing is called", async () => {
    let calls = 0;
    const ask = effect({ name: "ask", safety: "idempotent", run: (n: number) => (calls++, n + 100) });
    const asking = flow("numbers", (f) =>
      f
        .source("counted", [1, 2, 3])
        .effectful("asked", { effects: { ask }, handle: async (n, { effects }) => (await effects.ask(n)).unwrapOr(0) })
        .sink("out", () => undefined),
    );
    await recorded(asking);
    const [id] = await readdir(join(cli.cwd, "runs", "numbers"));
    const edits: readonly (readonly [(record: LogRecord) => LogRecord, RegExp])[] = [
      [(record) => (record.kind === "effect-settled" ? GONE : record), /was begun at asked:\d+ and has no outcome/],
      [(record) => (record.kind === "effect-started" ? GONE : record), /outcome on record, at asked:\d+, but not that/],
      [
        (record) => (record.kind === "effect-started" ? { ...record, input: 7 } : record),
        /another input: \$ is 1, but on record it is 7, at asked:\d+/,
      ],
      [
        (record) => (record.kind === "effect-started" ? { ...record, version: 2 } : record),
        /in version 1, but on record it is of version 2, at asked:\d+/,
      ],
      [
        (record) => (record.kind === "effect-settled" ? { ...record, value: 0 } : record),
        /recorded +101\n +recomputed +0\n/,
      ],
    ];
    for (const [edit, told] of edits) {
      const edited = await editedCopy(id as RunId, edit);
      calls = 0;
      const { code, stdout } = await cli.refold("verify", edited);
      expect(code).toBe(1);
      expect(stdout).toMatch(/First divergence: asked:\d+/);
      expect(stdout).toMatch(/caused by +counted:\d+\n/);
      expect(stdout).toMatch(told);
      expect(calls).toBe(0);
    }
  });

  /** Stands where a record was, so that the numbers of those behind it stay. */
  const GONE: LogRecord = { kind: "cursor", cursor: "gone" };

  /** Writes a run again, edited, as somebody might who tampers with a log; gives its id. */
  async function editedCopy(id: RunId, edit: (record: LogRecord) => LogRecord): Promise<RunId> {
    const store = cli.openStore(join(cli.cwd, "runs"));
    const reader = (await store.open(id))._unsafeUnwrap();
    const runId = v7() as RunId;
    const log = (await store.create({ ...reader.manifest, runId }))._unsafeUnwrap();
    for await (const batch of new FrameDecoder(reader).decodeAll(reader.read(reader.first))) {
      for (const { lane, timeMs, firstSeq, records } of batch._unsafeUnwrap()) {
        log.append({ lane, timeMs, firstSeq, records: records.map(edit) })._unsafeUnwrap();
      }
    }
    await Promise.all([log.close(), reader.close()]);
    return runId;
  }
});

describe("a run that cannot be replayed", () => {
  it("is refused while it is being written", async () => {
    await recorded();
    const [id] = await readdir(join(cli.cwd, "runs", "numbers"));
    const log = await cli.openStore(join(cli.cwd, "runs")).resume(id as RunId);
    for (const command of ["replay", "verify"]) {
      const { code, stdout, stderr } = await cli.refold(command, id as string);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(/is still being written\. Wait for its end, then replay it\./);
    }
    await log._unsafeUnwrap().close();
    expect((await cli.refold("verify", "last")).code).toBe(0);
  });

  it("is refused when the file of its flow is gone, and taken with another one", async () => {
    await recorded();
    await rm(join(cli.cwd, "numbers.flow.ts"));
    await cli.module("moved.flow.ts", () => ({ default: described }));
    for (const command of ["replay", "verify"]) {
      const { code, stdout, stderr } = await cli.refold(command, "last");
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(/numbers\.flow\.ts, which is gone\. Name the file that holds it now with --flow\./);
      expect((await cli.refold(command, "last", "--flow", "moved.flow.ts")).code).toBe(0);
    }
  });

  it("is refused for a flow with other stages, with every difference", async () => {
    await recorded();
    described = flow("numbers", (f) =>
      f
        .source("counted", [1])
        .map("halved", (n) => n / 2)
        .sink("out", () => undefined),
    );
    for (const command of ["replay", "verify"]) {
      const { code, stdout, stderr } = await cli.refold(command, "last");
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(
        /"multiplied" is on record, but no longer[^]*"out" read from shown, but now reads from halved/,
      );
      expect(stderr).toMatch(/"halved" is in the flow, but not on record/);
    }
    expect(await runs()).toBe(1);
  });
});

describe("refold replay in real time", () => {
  it("takes the time that the run took, is given up at SIGINT, and then certifies only what it compared", async () => {
    let polls = 0;
    const distanceMs = 10;
    const slow = flow("numbers", (f) =>
      f
        .source(
          "counted",
          poll(() => ({ items: [polls], againMs: distanceMs, done: ++polls === 3 })),
        )
        .map("multiplied", (n) => n * 2)
        .sink("out", () => undefined),
    );
    const places = await recorded(slow);
    expect(places).toHaveLength(3);
    const clock = new ManualClock();
    cli.clock = { now: () => clock.now(), schedule: (ms, run) => clock.schedule(ms, run), turn: nextTurn };
    // So slow that the few milliseconds of the run are hours, and every wait is seen.
    const slowly = ["replay", "last", "--verify", "--speed", "0.000001"] as const;

    const whole = cli.refold(...slowly);
    await pass(clock, whole, Number.POSITIVE_INFINITY);
    expect((await whole).stdout).toMatch(/^matched: /m);
    expect(clock.now()).toBeGreaterThanOrEqual(2 * distanceMs * 1_000_000);

    const cut = cli.refold(...slowly);
    await pass(clock, cut, 1.5 * distanceMs * 1_000_000);
    cli.signal("SIGINT");
    const { code, stdout, stderr } = await cut;
    expect(code).toBe(2);
    expect(stderr).toBe("Giving the replay up after SIGINT. Once more ends the process at once.\n");
    expect(stdout).toMatch(/Not certified: The replay was given up after \d+ frames: /);
    expect(stdout).not.toMatch(/multiplied +transform +0 +3 +0\n/);
    expect((await cli.refold("runs")).stdout).toMatch(/interrupted/);
  });
});

/** Lets time pass from timer to timer, each once nothing else goes on, until `ended`, or for `ms`. */
async function pass(clock: ManualClock, ended: Promise<unknown>, ms: number): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  void ended.then(end, end);
  const endMs = clock.now() + ms;
  while (!over) {
    await nextTurn();
    const { nextMs } = clock;
    if (nextMs === undefined) continue;
    if (nextMs > endMs) return;
    clock.advance(nextMs - clock.now());
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
