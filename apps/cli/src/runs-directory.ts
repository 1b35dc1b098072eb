import { resolve } from "node:path";

import type { CliIo } from "./cli-io.ts";
import { quotedForShell } from "./quoted-for-shell.ts";

/** Where runs are kept when nothing else is said, relative to the working directory. */
const DEFAULT = "runs";

/** `--runs`, or else the environment's REFOLD_RUNS, or else `./runs`; an absolute path. */
export function runsDirectory(option: string | undefined, io: Pick<CliIo, "cwd" | "env">): string {
  const named = option ?? io.env["REFOLD_RUNS"];
  return resolve(io.cwd, named === undefined || named === "" ? DEFAULT : named);
}

/** What a further command needs to find the same runs: nothing, or `--runs` with the directory as it was given. */
export function runsFlag(option: string | undefined): string {
  return option === undefined ? "" : ` --runs ${quotedForShell(option)}`;
}
