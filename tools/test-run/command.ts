import { join } from "node:path";
import { REPOSITORY_ROOT } from "../workspace/packages.ts";
import type { Runtime } from "./runtime.ts";

/** The command that runs a script, given as the next argument, on a runtime. */
export function commandOf(runtime: Runtime): readonly [string, ...string[]] {
  switch (runtime) {
    case "node":
      return [process.execPath];
    case "bun":
      return [join(REPOSITORY_ROOT, "node_modules/.bin/bun"), "--bun"];
    case "deno":
      return [join(REPOSITORY_ROOT, "node_modules/.bin/deno"), "run", "-A"];
  }
}
