import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { commandOn, isInstalled, RUNTIMES, type Runtime } from "../test/runtimes.ts";

// A dozen processes take their time to start on a machine with other work.
vi.setConfig({ testTimeout: 240_000 });

const RICH = fileURLToPath(new URL("../test/rich.flow.ts", import.meta.url));
const STEADY = fileURLToPath(new URL("../test/steady.flow.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refold-runtimes-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | string | null;
  readonly text: string;
}

async function refold(runtime: Runtime, ...argv: readonly string[]): Promise<Ended> {
  const [command, ...flags] = commandOn(runtime);
  const env = { ...process.env, REFOLD_RUNS: "", NODE_OPTIONS: "" };
  return new Promise((resolve) => {
    const child = execFile(command, [...flags, ...argv], { cwd: folder, env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode, text: stdout + stderr });
    });
  });
}

/** Each recording has a directory of its own, so that it is the last one there. */
async function recordOn(runtime: Runtime, file: string): Promise<void> {
  const { code, text } = await refold(runtime, "run", file, "--runs", `on-${runtime}`);
  expect(code, `${runtime}: ${text}`).toBe(0);
}

async function onlyRun(directory: string): Promise<string> {
  const runs = await readdir(directory);
  expect(runs).toHaveLength(1);
  return join(directory, runs[0] as string);
}

it.skipIf(!RUNTIMES.every(isInstalled))("a run that is recorded on one runtime verifies on the other two", async () => {
  await Promise.all(RUNTIMES.map((runtime) => recordOn(runtime, RICH)));
  for (const recorded of RUNTIMES) {
    const others = RUNTIMES.filter((runtime) => runtime !== recorded);
    const verified = await Promise.all(
      others.map((runtime) => refold(runtime, "verify", "last", "--runs", `on-${recorded}`)),
    );
    for (const [index, { code, text }] of verified.entries()) {
      expect(code, `recorded on ${recorded}, verified on ${others[index] ?? ""}: ${text}`).toBe(0);
    }
  }
});

it.skipIf(!RUNTIMES.every(isInstalled))(
  "a flow that leaves nothing to chance comes to the same on all three",
  async () => {
    await Promise.all(RUNTIMES.map((runtime) => recordOn(runtime, STEADY)));
    const paths = await Promise.all(RUNTIMES.map((runtime) => onlyRun(join(folder, `on-${runtime}`, "steady"))));
    const [first, ...others] = paths as [string, ...string[]];
    for (const other of others) {
      const { code, text } = await refold("node", "verify", first, other);
      expect(code, text).toBe(0);
    }
  },
);
