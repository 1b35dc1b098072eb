import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { RecordDecoder, type Lsn } from "@refold/core";
import { fileStore } from "refold";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

// Each of a dozen processes takes its time to start on a machine with other work.
vi.setConfig({ testTimeout: 240_000 });

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RUNTIMES = {
  node: [process.execPath, "--conditions=refold-source", "--import", fileURLToPath(import.meta.resolve("tsx"))],
  bun: [join(ROOT, "node_modules/.bin/bun"), "--conditions=refold-source"],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--conditions=refold-source"],
} as const;

const ITEMS = 2_000;

/** Each line that the sink has written goes to standard output as well, so that a test can count them. */
const FLOW = `
import { appendFileSync } from "node:fs";
import { flow, onEnd } from "refold";

async function* numbers() {
  for (let n = 0; n < ${ITEMS}; n++) {
    if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield n;
  }
}

export default flow(
  "numbers",
  (f) => {
    const squares = f.source("numbers", numbers).map("squared", (n: number) => n * n);
    squares.sink("lines", {
      guarantee: "at-least-once",
      describe: () => "lines.txt",
      open: () => ({
        write: ({ items }) => {
          const text = items.map((n) => n + "\\n").join("");
          appendFileSync("lines.txt", text);
          process.stdout.write(text);
        },
      }),
    });
    squares
      .stateful("sum", {
        initial: () => 0,
        fold: (sum, n) => sum + n,
        project: (sum) => [sum],
        emit: onEnd(),
      })
      .sink("total", (sum) => appendFileSync("total.txt", sum + "\\n"));
  },
  { configuration: { flow: { "sink.batchInputs": 5, "stage.stepInputs": 4 } } },
);
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-killed-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(join(ROOT, "libs", "refold"), join(folder, "node_modules", "refold"), "junction");
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { refold: "*" } }));
  await writeFile(join(folder, "numbers.flow.ts"), FLOW);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | string | null;
  readonly stderr: string;
  /** The last lines of standard output. */
  readonly tail: readonly string[];
}

/** The command in a process of its own, which is killed when its sink has written so many lines. */
async function refold(
  argv: readonly string[],
  at: {
    runtime?: keyof typeof RUNTIMES;
    killAfter?: number;
    /** Called when its sink has written the first line, with the process. */
    begun?: (child: ChildProcess) => void;
  } = {},
): Promise<Ended> {
  const [command, ...flags] = RUNTIMES[at.runtime ?? "node"];
  const child = spawn(command, [...flags, MAIN, ...argv], {
    cwd: folder,
    env: { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let lines = 0;
  const tail: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    tail.push(line);
    if (tail.length > 30) tail.shift();
    if (++lines === at.killAfter) child.kill("SIGKILL");
    if (lines === 1) at.begun?.(child);
  });
  const code = await new Promise<Ended["code"]>((resolve) => {
    child.on("close", (exit, signal) => resolve(exit ?? signal));
  });
  return { code, stderr, tail };
}

/** How many lines have a receipt, by what is on record. */
async function receipted(): Promise<number> {
  const store = fileStore({ directory: join(folder, "runs") });
  const [listed] = (await store.list())._unsafeUnwrap();
  if (listed?.kind !== "run") throw new Error("there is no run");
  const reader = (await store.open(listed.manifest.runId))._unsafeUnwrap();
  const lane = reader.manifest.lanes.indexOf("lines");
  const decoder = new RecordDecoder();
  let count = 0;
  for await (const batch of reader.read(0 as Lsn)) {
    for (const frame of batch._unsafeUnwrap()) {
      if (frame.lane !== lane) continue;
      for (const record of decoder.decode(frame.body)._unsafeUnwrap())
        if (record.kind === "receipt") count += record.count;
    }
  }
  await reader.close();
  return count;
}

const lines = async (name: string): Promise<readonly number[]> =>
  (await readFile(join(folder, name), "utf8")).trimEnd().split("\n").map(Number);

const squares = Array.from({ length: ITEMS }, (_, n) => n * n);

/** Each process begins with the first line that has no receipt, and leaves none out after it. */
function expectLines(
  written: readonly number[],
  startsAt: readonly { readonly written: number; readonly receipts: number }[],
): void {
  const expected: number[] = [];
  for (const [index, { written: from, receipts }] of startsAt.entries()) {
    const to = startsAt[index + 1]?.written ?? written.length;
    expected.push(...squares.slice(receipts, receipts + to - from));
  }
  expect(written).toEqual(expected);
}

/** The same kills each time, as far as a kill can be aimed. */
function* seeded(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

async function killAndResume(
  kills: readonly { readonly runtime?: keyof typeof RUNTIMES; readonly killAfter: number }[],
  last: keyof typeof RUNTIMES,
): Promise<void> {
  const startsAt = [{ written: 0, receipts: 0 }];
  for (const [index, kill] of kills.entries()) {
    const { code, stderr, tail } = await refold(index === 0 ? ["run", "numbers.flow.ts"] : ["resume", "last"], kill);
    expect(code, [stderr, ...tail].join("\n")).toBe("SIGKILL");
    startsAt.push({ written: (await lines("lines.txt")).length, receipts: await receipted() });
  }
  const ended = await refold(["resume", "last"], { runtime: last });
  expect(ended.code, [ended.stderr, ...ended.tail].join("\n")).toBe(0);
  const written = await lines("lines.txt");
  expectLines(written, startsAt);
  expect(new Set(written)).toEqual(new Set(squares));
  expect(await receipted()).toBe(ITEMS);
  expect((await lines("total.txt")).at(-1)).toBe(squares.reduce((sum, n) => sum + n, 0));
  const verified = await refold(["replay", "last", "--verify"]);
  expect(verified.code, [verified.stderr, ...verified.tail].join("\n")).toBe(0);
}

it("loses nothing and repeats only what had no receipt, however often it is killed, and verifies", async () => {
  const chance = seeded(20_261_121);
  const kills = Array.from({ length: 10 }, () => ({ killAfter: 1 + Math.floor(chance.next().value * 180) }));
  await killAndResume(kills, "node");
});

it("is gone on with by one process at a time, and by none while the first still has it, and they are told by whom", async () => {
  let first: Promise<Ended> | undefined;
  const child = await new Promise<ChildProcess>((resolve) => {
    first = refold(["run", "numbers.flow.ts"], { begun: resolve });
  });
  child.kill("SIGSTOP");
  try {
    const refused = await refold(["resume", "last"]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      new RegExp(`is held for writing by process ${child.pid} on host .*Wait until that process has ended`),
    );
  } finally {
    child.kill("SIGKILL");
  }
  expect((await first)?.code).toBe("SIGKILL");
  const both = await Promise.all([refold(["resume", "last"]), refold(["resume", "last"])]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 3]);
  // It came while the other one was at work, or after.
  const late = both.find(({ code }) => code === 3);
  expect(late?.stderr).toMatch(/held for writing by process \d+ on host|has come to its end/);
  expect(await receipted()).toBe(ITEMS);
  expect((await refold(["replay", "last", "--verify"])).code).toBe(0);
});

const others = (["bun", "deno"] as const).filter((runtime) => existsSync(RUNTIMES[runtime][0]));

it.skipIf(others.length < 2)(
  "is recorded on Node, killed, gone on with on Bun, killed, and completes on Deno",
  async () => {
    await killAndResume(
      [
        { runtime: "node", killAfter: 300 },
        { runtime: "bun", killAfter: 300 },
      ],
      "deno",
    );
  },
);
