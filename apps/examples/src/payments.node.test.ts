import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

it("charges every order once, though the service fails and the process is killed, and replays without asking", () => {
  const program = ["--conditions=refold-source", "--import", "tsx", "apps/examples/src/payments.ts"];
  const { status, stdout } = spawnSync(process.execPath, program, { cwd: ROOT, encoding: "utf8" });
  expect(stdout).toMatch(/1\. run +killed by SIGKILL after \d+ charges/);
  expect(stdout).toMatch(/2\. resume +completed, with \d+ further requests/);
  expect(stdout).toMatch(/114 orders charged, each exactly once/);
  expect(stdout).toMatch(/120 calls, one for each order: 114 charged, 6 put aside/);
  expect(stdout).toMatch(/retry scheduled.*1 × circuit-breaker opened/);
  expect(stdout).toMatch(/6\. replay +matched, with 0 requests/);
  expect(status).toBe(0);
});
