import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Scale } from "./bench-case.ts";
import type { MachineDescription } from "./describe-machine.ts";
import type { Runtime } from "./runtimes.ts";
import type { Row } from "./summary.ts";

const RESULTS = fileURLToPath(new URL("../results", import.meta.url));

/** All that one call of the benches found. */
export interface Results {
  readonly measuredAt: string;
  readonly scale: Scale;
  readonly machine: MachineDescription;
  /** Each runtime with its version. */
  readonly runtimes: Partial<Readonly<Record<Runtime, string>>>;
  readonly rows: readonly Row[];
  /** What failed, in full. */
  readonly failures: readonly string[];
}

export const REFERENCE_FILE: string = join(RESULTS, "reference.json");

/** The file for results that were given no other: their date, and their runtimes. */
export function defaultResultsFile({ measuredAt, runtimes }: Results): string {
  const date = measuredAt.slice(0, 19).replaceAll(":", "-");
  return join(RESULTS, `${date}-${Object.keys(runtimes).join("-") || "nothing"}.json`);
}

export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}
