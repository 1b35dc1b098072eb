import type { Lsn, RunReader } from "@refold/core";

import type { FlowDefinition } from "../definition/flow-definition.ts";
import { decodeRunState, type RunState } from "./run-state.ts";

/** A state with the lsn of the first frame that is not in it. */
export interface RunStateAt {
  readonly lsn: Lsn;
  readonly state: RunState;
}

/**
 * The last two snapshots of one process. The text of its code may not tell all of what it computes, such as a value from elsewhere:
 * so whoever begins with the earlier one has to come to the later. One alone is of no use.
 */
export interface LastSnapshots {
  readonly earlier: RunStateAt;
  readonly newest: RunStateAt;
}

/** The last two that this version of the runtime can read, if there are two and the same code has come to both. */
export async function lastSnapshots(run: RunReader, refold: string): Promise<LastSnapshots | undefined> {
  const newest = await snapshotBefore(run, undefined, refold);
  const earlier = newest && (await snapshotBefore(run, newest.lsn, refold));
  if (newest === undefined || earlier === undefined) return undefined;
  const same = Object.entries(newest.state.fingerprints).every(([name, of]) => earlier.state.fingerprints[name] === of);
  return same ? { earlier, newest } : undefined;
}

/** Whether it was the code of a flow that came to a state, as far as its text tells. */
export function isComputedBy({ stages }: FlowDefinition): (snapshot: RunStateAt) => boolean {
  return ({ state }) => stages.every(({ name, fingerprint }) => state.fingerprints[name] === fingerprint);
}

/** What cannot be read is as good as not there: the log has it all. */
async function snapshotBefore(
  run: RunReader,
  before: Lsn | undefined,
  refold: string,
): Promise<RunStateAt | undefined> {
  const found = await run.snapshot(before);
  if (found.isErr() || found.value === undefined) return undefined;
  const { lsn, body } = found.value;
  const state = decodeRunState(body);
  return state?.refold === refold ? { lsn, state } : undefined;
}
