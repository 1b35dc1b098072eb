import type { Lsn, RunReader } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import { decodeRunState, type RunState } from "./run-state.ts";

/** A state with the lsn of the first frame that is not in it. */
export interface RunStateAt {
  readonly lsn: Lsn;
  readonly state: RunState;
}

/**
 * The last two snapshots that one code has come to. The text of code may not tell all of what it computes, such as a value from
 * elsewhere: so whoever begins with the earlier one has to come to the newest. Where there are no two, both are the newest.
 */
export interface LastSnapshots {
  readonly earlier: RunStateAt;
  readonly newest: RunStateAt;
}

/** The last snapshots of a run that this version of the runtime can read. */
export async function lastSnapshots(run: RunReader): Promise<LastSnapshots | undefined> {
  const newest = await snapshotBefore(run, undefined);
  if (newest === undefined) return undefined;
  const earlier = await snapshotBefore(run, newest.lsn);
  return { earlier: earlier !== undefined && isOneCode(earlier, newest) ? earlier : newest, newest };
}

/** Whether there are two. */
export function isPair({ earlier, newest }: LastSnapshots): boolean {
  return earlier !== newest;
}

/** Whether it was the code of a flow that came to a state, as far as its text tells. */
export function isComputedBy({ stages }: FlowDefinition, { state }: RunStateAt): boolean {
  return stages.every(({ name, fingerprint }) => state.fingerprints[name] === fingerprint);
}

/** Who goes on by force computes another thing than those before, whatever the text of the code. */
function isOneCode(earlier: RunStateAt, newest: RunStateAt): boolean {
  if (earlier.lsn <= newest.lsn - newest.state.forcedBehind) return false;
  return Object.entries(newest.state.fingerprints).every(([name, of]) => earlier.state.fingerprints[name] === of);
}

/** What cannot be read, or is another run's, is as good as not there. */
async function snapshotBefore(run: RunReader, before: Lsn | undefined): Promise<RunStateAt | undefined> {
  const found = await run.snapshot(before);
  if (found.isErr() || found.value === undefined) return undefined;
  const { lsn, body } = found.value;
  const state = decodeRunState(body);
  return state?.runId === run.manifest.runId ? { lsn, state } : undefined;
}
