import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const RUNTIMES = ["node", "bun", "deno"] as const;

export type Runtime = (typeof RUNTIMES)[number];

const BINARIES = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));

/** The command that runs a script, given as the next argument, with a garbage collector that can be called. */
export function commandOf(runtime: Runtime): readonly [string, ...string[]] {
  switch (runtime) {
    case "node":
      return [process.execPath, "--expose-gc"];
    case "bun":
      return [join(BINARIES, "bun")];
    case "deno":
      return [join(BINARIES, "deno"), "run", "-A", "--v8-flags=--expose-gc"];
  }
}
