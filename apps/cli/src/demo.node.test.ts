import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

let runs: string;
beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), "refold-demo-"));
});
afterAll(() => rm(runs, { recursive: true, force: true }));

/** The command from source, in a process of its own, at the root of the repository. */
function refold(...argv: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const main = ["--conditions=refold-source", "--import", "tsx", "apps/cli/src/main.ts"];
  return spawnSync(process.execPath, [...main, ...argv, "--runs", runs], { cwd: ROOT, encoding: "utf8" });
}

it("records the demo, prints its table once, and ends with the command that replays it and matches", async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: { demo: string } };
  const [, file = ""] = /refold\.js run (\S+)$/.exec(scripts.demo) ?? [];
  const ran = refold("run", file);
  expect(ran.status).toBe(0);
  expect(ran.stdout.match(/^rank +origin/gm)).toHaveLength(1);
  expect(ran.stdout).toMatch(/flights +20,000 +20,000 +drained/);
  const [, id = ""] = /npx refold replay (\S+) --verify/.exec(ran.stdout) ?? [];
  const replayed = refold("replay", id, "--verify");
  expect(replayed.status).toBe(0);
  expect(replayed.stdout).toMatch(/with-origin-state +transform +0 +20,000 +0/);
  expect(replayed.stdout).not.toMatch(/^rank +origin/m);
});
