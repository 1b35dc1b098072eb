import { flow, memoryStore } from "refold";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CliHarness } from "../../test/cli-harness.ts";

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.open();
});
afterEach(() => cli.close());

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

  it("stops at the first signal, and seals the run as cancelled", async () => {
    await cli.module("endless.flow.ts", () => ({ default: endless(() => cli.signal("SIGTERM")) }));
    const ran = await cli.refold("run", "endless.flow.ts");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/Stopping the run after SIGTERM/);
    expect(ran.stdout).toMatch(/cancelled in .*: stopped by SIGTERM/);
    expect(cli.exits).toEqual([]);
    expect((await cli.refold("runs")).stdout).toMatch(/endless +cancelled/);
    expect((await cli.refold("replay", "last", "--verify")).code).toBe(0);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends at once at a second %s, which the same keystroke does not count as", async (signal, code) => {
    let nowMs = 1_000_000;
    cli.clock = { ...cli.clock, now: () => nowMs };
    const signals = (): void => {
      cli.signal(signal);
      nowMs += 499;
      cli.signal(signal);
      expect(cli.exits).toEqual([]);
      nowMs += 1;
      cli.signal(signal);
    };
    await cli.module("endless.flow.ts", () => ({ default: endless(signals) }));
    await cli.refold("run", "endless.flow.ts");
    expect(cli.exits).toEqual([code]);
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

/** A source that never ends by itself; `act` is called once, when some items are on their way. */
function endless(act: () => void) {
  return flow("endless", (f) => {
    async function* items(): AsyncGenerator<number> {
      for (let i = 0; ; i++) {
        if (i === 1000) act();
        // Lets the signal's effect come in between.
        await new Promise<void>((resolve) => void setImmediate(resolve));
        yield i;
      }
    }
    f.source("items", items).sink("out", () => undefined);
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
