import { err, ok, type Result } from "neverthrow";

import type { Lsn, RunId, RunLog, RunManifest } from "@refold/core";

import { numberedAs } from "../definition/numbered-as.ts";
import type { FlowDefinition } from "../definition/flow-definition.ts";
import { RunClock } from "../pipeline/run-clock.ts";
import type { FlowHandle } from "../pipeline/flow-handle.ts";
import { Run } from "../pipeline/run.ts";
import type { RunHost } from "../pipeline/run-host.ts";
import type { StartOptions } from "../pipeline/start-run.ts";
import { flowDifferences } from "../replay/flow-differences.ts";
import { HistoryReplay } from "../replay/history-replay.ts";
import type { ReplayFault, ReplayReport } from "../replay/replay-report.ts";
import { isComputedBy, isPair, lastSnapshots, type LastSnapshots } from "../snapshot/last-snapshots.ts";
import { recordedSettings } from "../config/recorded-settings.ts";

export interface ResumeOptions extends StartOptions {
  /** Goes on although the code of today does not compute what is on record. That it was forced is itself on record. */
  readonly force?: boolean;
  /**
   * Makes calls again that have failed on record, where the handler of an input that is still in hand throws because of that. What
   * a handler deals with otherwise stays. They are made with their keys, as calls in doubt are, and that they were is on record.
   */
  readonly retryFailed?: boolean;
  /** The flow's source file as it is now, to go on record with the epoch. */
  readonly source?: NonNullable<RunManifest["source"]>;
  /** Called now and then with the number of frames read. */
  readonly progress?: (frames: number) => void;
}

/** Why a run cannot be gone on with. */
export type ResumeFault =
  | ReplayFault
  /** It has come to its end, with nothing left to do. */
  | { readonly kind: "already-completed" }
  /** It is a replay: it touches nothing outside, and has no life of its own. */
  | { readonly kind: "is-replay"; readonly replayOf: RunId }
  /** Its beginning was let go of, and it has no snapshots that stand for it. */
  | { readonly kind: "no-snapshots"; readonly first: Lsn }
  /** The code of today does not compute what is on record. */
  | { readonly kind: "resume-diverged"; readonly report: ReplayReport };

/**
 * Goes on with a run in place, after a kill, a crash, a cancel or a failure: folds what is on record into the state of every
 * stage, checks on the way that the code still computes it, and begins a new epoch. Stages that came to their natural end stay
 * ended; sources go on after their last item; sinks deliver what has no receipt. `log` is what `RunStore.resume` gave. Nothing
 * moves until the handle is told to. The log is closed if the run cannot be gone on with.
 */
export async function resumeRun(
  definition: FlowDefinition,
  log: RunLog,
  host: RunHost,
  options: ResumeOptions = {},
): Promise<Result<FlowHandle, ResumeFault>> {
  return goOn(definition, log, host, { ...options, resumed: true });
}

/** Goes on with what is on record, be it of this run or of the one that it is a fork of. */
export async function goOn(
  definition: FlowDefinition,
  log: RunLog,
  host: RunHost,
  options: ResumeOptions & { readonly resumed: boolean },
): Promise<Result<FlowHandle, ResumeFault>> {
  const handle = await recover(definition, log, host, options);
  if (handle.isErr()) await log.close();
  return handle;
}

async function recover(
  declared: FlowDefinition,
  log: RunLog,
  host: RunHost,
  options: ResumeOptions & { readonly resumed: boolean },
): Promise<Result<FlowHandle, ResumeFault>> {
  const { force = false, retryFailed = false, source, progress, exporters = [], gates = [], resumed } = options;
  const { replayOf } = log.manifest;
  if (replayOf !== undefined) return err({ kind: "is-replay", replayOf });
  const differences = [...flowDifferences(log.manifest, declared), ...newVersions(log.manifest, declared)];
  if (differences.length > 0) return err({ kind: "flow-differs", differences });
  const definition = numberedAs(declared, log.manifest);
  const snapshots = await lastSnapshots(log);
  const from = usable(snapshots, definition, { isWhole: log.first === 0, force });
  if (from === undefined && log.first > 0) return err({ kind: "no-snapshots", first: log.first });
  const reading = { recorded: log, definition, host, ...(progress && { progress }) };
  let history = new HistoryReplay(reading);
  if (from !== undefined) history.restore(from);
  // What the record does not tell of the past, and is another now, is forced as well.
  else if (force && snapshots !== undefined) history.expect(snapshots.newest);
  let read = await history.run();
  if (log.first === 0 && history.outlivedSnapshot) {
    history = new HistoryReplay(reading);
    read = await history.run();
  }
  if (read.isErr()) return err(read.error);
  if (history.seal?.status === "completed") return err({ kind: "already-completed" });
  const { recovered, report } = history.handOver();
  const forced = history.unforced !== undefined || (from !== undefined && !isComputedBy(definition, from.newest));
  if (forced && !force) return err({ kind: "resume-diverged", report });
  const clock = new RunClock(host.clock, history.lastTimeMs);
  const settings = options.settings ?? recordedSettings(log.manifest);
  return ok(
    new Run({
      definition,
      log,
      host: { ...host, clock },
      settings,
      exporters,
      gates,
      recovered,
      resumed,
      forced,
      forcedBehind: history.forcedBehind,
      retryFailed,
      ...(source && { source }),
    }),
  );
}

/**
 * The snapshots to begin with. Of a run that is whole they only save time: two of them, that the code of today has come to. One
 * whose beginning was let go of has nothing else: the newest stands for the rest, by force whoever has come to it.
 */
function usable(
  snapshots: LastSnapshots | undefined,
  definition: FlowDefinition,
  { isWhole, force }: { readonly isWhole: boolean; readonly force: boolean },
): LastSnapshots | undefined {
  if (snapshots === undefined) return undefined;
  const isOurs = isComputedBy(definition, snapshots.newest);
  const isUsable = isWhole ? isOurs && isPair(snapshots) && !force : isOurs || force;
  return isUsable ? snapshots : undefined;
}

/** A run keeps the versions of its types to its end: what goes on with it would write others. */
function newVersions({ types: recorded }: RunManifest, { types }: FlowDefinition): readonly string[] {
  return recorded.flatMap(({ name, version }) => {
    const now = types.find((type) => type.name === name)?.version ?? version;
    return now > version
      ? [
          `Event type "${name}" is on record in version ${version}, and the run can only go on in that, not in version ${now}: replay or fork it.`,
        ]
      : [];
  });
}
