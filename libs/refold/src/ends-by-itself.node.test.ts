import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it, vi } from "vitest";

// A process takes its time to start on a machine with other work.
vi.setConfig({ testTimeout: 60_000 });

const REFOLD = fileURLToPath(new URL("..", import.meta.url));

/** Whatever a run may leave waiting: polls, retries, timers, flushes, deadlines, figures, and reads that never end. */
const PROGRAM = `
import { circuitBreaker, effect, fileStore, flow, openRun, poll, rateLimit, retry, timeout, within } from "refold";

const how = process.argv[2];
const call = effect({
  name: "call",
  safety: "keyed",
  policies: [timeout(60_000), retry({ attempts: 3, delayMs: 5 }), circuitBreaker({ consecutive: 9, openMs: 60_000 })],
  run: async (n) => {
    if (how === "fails" && n === 3) throw new Error("no more");
    return n;
  },
});
let polls = 0;
const polled = poll(
  async ({ cursor = 0 }) => ({ items: [cursor], cursor: cursor + 1, done: how === "completes" && ++polls === 5 }),
  { everyMs: how === "completes" ? 5 : 60_000 },
);
async function* silent() {
  yield 1;
  if (how !== "completes") await new Promise(() => setTimeout(() => undefined, 1).unref());
}
const described = flow("waiting", (f) => {
  f.observe("lifecycle", () => undefined);
  f.merge(f.source("polled", polled, { policies: [rateLimit({ perSecond: 500 })] }), f.source("silent", silent))
    .effectful("called", {
      effects: { call },
      handle: async (n, { effects }) => {
        const called = await effects.call(n);
        if (how === "fails") throw new Error("it fails");
        return called.unwrapOr(0);
      },
    })
    .stateful("sum", { initial: () => 0, fold: (sum, n) => sum + n, project: (sum) => [sum], emit: within(60_000) })
    .sink("out", () => undefined, { flush: { everyMs: 60_000 } });
});

const opened = (await openRun(described, {
  store: fileStore({ directory: "runs" }),
  exporters: [{ export: () => undefined }],
}))._unsafeUnwrap();
const report = opened.handle.run();
if (how === "stops") setTimeout(() => opened.handle.stop("enough"), 30);
if (how === "drains") setTimeout(() => opened.handle.stopGraceful({ timeoutMs: 60_000, reason: "enough" }), 30);
if (how === "overdue") setTimeout(() => opened.handle.stopGraceful({ timeoutMs: 20, reason: "enough" }), 30);
console.log((await report).status);
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-ends-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(REFOLD, join(folder, "node_modules", "refold"), "junction");
  await writeFile(join(folder, "program.mjs"), PROGRAM);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** How the run has ended; the process is given five seconds more to end by itself, and is killed then. */
async function ended(how: string): Promise<readonly [status: string, code: number | string | null]> {
  const tsx = fileURLToPath(import.meta.resolve("tsx"));
  const argv = ["--conditions=refold-source", "--import", tsx, "program.mjs", how];
  const child = spawn(process.execPath, argv, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let status = "";
  let killing: NodeJS.Timeout | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    status += text;
    killing = setTimeout(() => child.kill("SIGKILL"), 5_000);
  });
  const code = await new Promise<number | string | null>((resolve) => {
    child.on("close", (exit, signal) => resolve(exit ?? signal));
  });
  clearTimeout(killing);
  return [status.trim(), code];
}

it.each([
  ["completes", "completed"],
  ["fails", "failed"],
  ["stops", "cancelled"],
  ["drains", "cancelled"],
  ["overdue", "cancelled"],
])("a program whose run %s ends by itself, whatever the run still waited for", async (how, status) => {
  expect(await ended(how)).toEqual([status, 0]);
});
