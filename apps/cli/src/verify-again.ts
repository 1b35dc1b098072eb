import type { RunId } from "@refold/core";

import { quotedForShell } from "./quoted-for-shell.ts";
import { runsFlag } from "./runs-directory.ts";

/** The command that verifies a run with the same flow, from where this one was given. */
export function verifyAgain(run: RunId, { runs, flow }: { readonly runs?: string; readonly flow?: string }): string {
  return `npx refold verify ${run}${runsFlag(runs)}${flow === undefined ? "" : ` --flow ${quotedForShell(flow)}`}`;
}
