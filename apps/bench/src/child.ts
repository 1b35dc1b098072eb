import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runtimeName } from "refold";

import type { BenchCase, Metric, Scale } from "./bench-case.ts";
import { BENCHES } from "./benches.ts";
import { commandOf, type Runtime } from "./runtimes.ts";

/** The first argument of a process that measures one case, once. */
export const CHILD_FLAG = "--measure-one-case";

/** After which a child is taken to hang. */
const LIMIT_MS: Readonly<Record<Scale, number>> = { full: 5 * 60_000, quick: 60_000 };

export interface CaseRun {
  readonly bench: string;
  readonly label: string;
  readonly runtime: Runtime;
}

export interface Measured {
  /** The runtime with its version. */
  readonly runtime: string;
  readonly metrics: readonly Metric[];
}

export interface Place {
  /** The script that is also run as the child. */
  readonly script: string;
  readonly scale: Scale;
  /** Files of the child go into a folder of it, which is removed when the child has ended. */
  readonly scratch: string;
}

/** Measures a case in a fresh process. Throws with what the process said when it fails. */
export function runChild({ bench, label, runtime }: CaseRun, { script, scale, scratch }: Place): Measured {
  const directory = join(scratch, "case");
  mkdirSync(directory, { recursive: true });
  const [command, ...before] = commandOf(runtime);
  const child = spawnSync(command, [...before, script, CHILD_FLAG, bench, label, scale, directory], {
    encoding: "utf8",
    timeout: LIMIT_MS[scale],
    killSignal: "SIGKILL",
  });
  rmSync(directory, { recursive: true });
  const said = child.stdout?.trimEnd().split("\n").at(-1) ?? "";
  if (child.status !== 0 || said === "") {
    const why = child.error?.message ?? `it ended with ${child.signal ?? `code ${child.status}`}`;
    throw new Error([`${bench}, ${label}, on ${runtime}: ${why}`, child.stderr?.trimEnd() ?? ""].join("\n"));
  }
  // The line was written by `measureCase` below, of the same build.
  return JSON.parse(said) as Measured;
}

/** What the child does: measures the named case and prints one line of JSON. */
export async function measureCase([bench, label, scale, directory]: readonly string[]): Promise<void> {
  const found = findCase(bench, label, scale === "quick" ? "quick" : "full");
  if (found === undefined || directory === undefined) throw new Error(`no such case: ${bench}, ${label}`);
  const metrics = await found.measure(directory);
  const measured: Measured = { runtime: runtimeName(), metrics };
  console.log(JSON.stringify(measured));
}

function findCase(bench: string | undefined, label: string | undefined, scale: Scale): BenchCase | undefined {
  const cases = BENCHES.find(({ name }) => name === bench)?.cases(scale) ?? [];
  return cases.find((each) => each.label === label);
}
