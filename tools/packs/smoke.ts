import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf } from "../test-run/command.ts";
import { RUNTIMES } from "../test-run/runtime.ts";
import type { Tarball } from "./pack.ts";

/** Installs the tarballs, and from the registry what they depend on, into an empty folder. */
export function installTarballs(tarballs: readonly Tarball[], folder: string): void {
  // The tarballs have the very versions that they ask of one another, so npm looks for none of them in the registry.
  const dependencies = Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  execFileSync(
    "npm",
    ["install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", "--loglevel=error"],
    {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
}

/** Runs a program in the folder on every runtime; it must succeed and print the same on each. */
export function runEverywhere(program: string, folder: string): readonly string[] {
  copyFileSync(program, join(folder, "program.mjs"));
  const runs = RUNTIMES.map((runtime) => {
    const [command, ...before] = commandOf(runtime);
    const run = spawnSync(command, [...before, "program.mjs"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    return { runtime, status: run.status, output: run.stdout };
  });
  const expected = runs[0]?.output;
  console.log(expected);
  return runs.flatMap(({ runtime, status, output }) => {
    if (status !== 0) return [`the program ended with ${status ?? "a signal"} on ${runtime}:\n${output}`];
    return output === expected ? [] : [`the program printed something else on ${runtime}:\n${output}`];
  });
}
