import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

// Each test starts processes, which takes its time on a machine with other work.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TSX = fileURLToPath(import.meta.resolve("tsx"));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-main-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(join(ROOT, "libs", "refold"), join(folder, "node_modules", "refold"), "junction");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in a process of its own, from source, in the test's folder. `meet` may deal with the process meanwhile. */
async function refold(
  argv: readonly string[],
  { meet, stdio = "pipe" }: { meet?: (child: ChildProcess) => void; stdio?: StdioOptions } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=refold-source", "--import", TSX, MAIN, ...argv], {
    cwd: folder,
    env: { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "" },
    stdio,
  });
  const text = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
  meet?.(child);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...text };
}

const SQUARES = `import { flow } from "refold";
interface Item { readonly n: number }
export default flow("squares", (f) => {
  f.source("numbers", [{ n: 1 }, { n: 2 }] satisfies Item[])
    .map("squared", ({ n }: Item) => n * n)
    .sink("out", (n: number) => console.log("square", n));
});
`;

it.each(["module", "commonjs"])("runs TypeScript as it is and replays it, in a folder of type %s", async (type) => {
  await writeFile(join(folder, "package.json"), JSON.stringify({ type }));
  const file = `squares-${type}.flow.ts`;
  await writeFile(join(folder, file), SQUARES);
  const ran = await refold(["run", file]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout).toMatch(/^square 1\nsquare 4\n/);
  const [, command = ""] = /replay {3}npx refold (.+)/.exec(ran.stdout) ?? [];
  const replayed = await refold(command.split(" "));
  expect(replayed).toMatchObject({ code: 0, stderr: "" });
  expect(replayed.stdout).toMatch(/^matched/m);
  expect(replayed.stdout).not.toMatch(/^square/m);
});

it("shows what the compiler says, with file, line and column, and no stack", async () => {
  await writeFile(join(folder, "broken.flow.ts"), 'import { flow } from "refold";\nexport default flow(;\n');
  const { code, stdout, stderr } = await refold(["run", "broken.flow.ts"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toMatch(/broken\.flow\.ts does not compile:\n {2}\S*broken\.flow\.ts:2:21: /);
  expect(stderr).not.toMatch(/\n +at /);
});

it("says where a flow file threw while it was loaded", async () => {
  await writeFile(
    join(folder, "throws.flow.ts"),
    'const limit: number = 0;\nif (limit < 1) throw new RangeError("no room");\n',
  );
  const { code, stderr } = await refold(["topology", "throws.flow.ts"]);
  expect(code).toBe(3);
  expect(stderr).toMatch(/RangeError: no room\n {2}at \S*throws\.flow\.ts:2:22\n$/);
});

it("keeps standard output for JSON alone, whatever the flow prints", async () => {
  await writeFile(join(folder, "squares.flow.ts"), SQUARES);
  const { code, stdout, stderr } = await refold(["run", "squares.flow.ts", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: "completed" });
  expect(stderr).toBe("square 1\nsquare 4\n");
});

const ENDLESS = `import { flow } from "refold";
export default flow("endless", (f) => {
  async function* items() {
    for (let i = 0; ; i++) yield await new Promise((resolve) => setTimeout(resolve, 1, i));
  }
  f.source("items", items).sink("out", (item) => { if (item === 3) console.log("under way"); });
});
`;

it("lets arrive what is on its way at SIGINT and seals the run as cancelled, also where a launcher sends it twice", async () => {
  await writeFile(join(folder, "endless.flow.ts"), ENDLESS);
  const { code, stdout, stderr } = await refold(["run", "endless.flow.ts"], {
    meet: (child) => {
      child.stdout?.once("data", () => {
        child.kill("SIGINT");
        child.kill("SIGINT");
      });
    },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Stopping the run after SIGINT: [^\n]*Once more cancels the run\.\n$/);
  expect(stdout).toMatch(/out +\d+ +0 +drained/);
  expect(stdout).toMatch(/endless cancelled in .*: stopped by SIGINT/);
  expect((await refold(["runs"])).stdout).toMatch(/endless +cancelled/);
});

const STUCK = `import { flow } from "refold";
setInterval(() => undefined, 60_000);
export default flow("stuck", (f) => {
  f.source("items", [1]).sink("out", () => { console.log("under way"); return new Promise(() => undefined); });
});
`;

it("ends at once, without a seal, when SIGTERM comes again and again and a sink does not answer", async () => {
  await writeFile(join(folder, "stuck.flow.ts"), STUCK);
  let again: NodeJS.Timeout | undefined;
  const { code, stderr } = await refold(["run", "stuck.flow.ts"], {
    meet: (child) => {
      child.stdout?.once("data", () => (again = setInterval(() => child.kill("SIGTERM"), 50)));
    },
  });
  clearInterval(again);
  expect(stderr).toMatch(/^Stopping the run [^\n]*\nCancelling the run [^\n]*\nEnding at once after SIGTERM\.\n$/);
  expect(code).toBe(143);
  expect((await refold(["runs"])).stdout).toMatch(/stuck +interrupted/);
});

it.each([
  ["thrown", 'setTimeout(() => { throw new RangeError("left behind"); })'],
  ["rejected", 'Promise.reject(new RangeError("left behind"))'],
])("seals a run as failed when an error is %s that nothing catches", async (how, statement) => {
  const file = `${how}.flow.ts`;
  const act = `if (item === 3) { ${statement}; }`;
  await writeFile(join(folder, file), ENDLESS.replace(/if \(item === 3\).*?;/, act).replace("endless", how));
  const { code, stdout, stderr } = await refold(["run", file]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^Failing the run after an error that nothing caught: RangeError: left behind\n {4}at .*flow\.ts:/,
  );
  expect(stdout).toMatch(/stage system: aborted: an error that nothing caught: RangeError: left behind/);
  expect((await refold(["runs"])).stdout).toMatch(new RegExp(`${how} +failed`));
});

it.each([
  ["while the flow is loaded", "process.exit(0);\nexport default 1;\n"],
  ["in a flow's code", SQUARES.replace("console.log(", "process.exit(0, ")],
])("does not let `process.exit(0)` look like success, %s", async (_, text) => {
  await writeFile(join(folder, "exits.flow.ts"), text);
  const { code, stdout, stderr } = await refold(["run", "exits.flow.ts"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^refold: the process was ended before the command was done, [^\n]*\n$/);
});

it.skipIf(!existsSync("/dev/full"))("says in one line that its output cannot be written", async () => {
  await writeFile(join(folder, "full.flow.ts"), SQUARES);
  for (const argv of [["run", "full.flow.ts"], ["log", "last"], ["--help"]]) {
    const full = openSync("/dev/full", "w");
    const { code, stderr } = await refold(argv, { stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    expect(stderr).toMatch(/^refold: cannot write to standard output: [^\n]*ENOSPC[^\n]*\n$/);
    expect(code).toBe(4);
  }
});

it("ends quietly when the reader of its output has gone", async () => {
  await writeFile(
    join(folder, "many.flow.ts"),
    'import { flow } from "refold";\nexport default flow("many", (f) => f.source("n", Array(20000).fill("text")).sink("out", () => undefined));\n',
  );
  await refold(["run", "many.flow.ts"]);
  const { code, stderr } = await refold(["log", "last", "--json"], {
    meet: (child) => {
      child.stdout?.once("data", () => child.stdout?.destroy());
    },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
