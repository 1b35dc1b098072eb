import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, and the command's own file within it. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));
export const MAIN: string = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export const RUNTIMES = ["node", "bun", "deno"] as const;

export type Runtime = (typeof RUNTIMES)[number];

const COMMANDS: Readonly<Record<Runtime, readonly [string, ...string[]]>> = {
  node: [process.execPath, "--conditions=refold-source", "--import", fileURLToPath(import.meta.resolve("tsx"))],
  bun: [join(ROOT, "node_modules/.bin/bun"), "--conditions=refold-source"],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--conditions=refold-source"],
};

/** What starts the command on a runtime, from source. */
export function commandOn(runtime: Runtime): readonly [string, ...string[]] {
  return [...COMMANDS[runtime], MAIN];
}

/** Whether a runtime is there: an installation may leave out what it has no binary for. */
export function isInstalled(runtime: Runtime): boolean {
  return existsSync(COMMANDS[runtime][0]);
}
