import { err, ok, type Result } from "neverthrow";

import type { ReadFault, RunReader } from "@refold/core";

import { causeChain } from "./cause-chain.ts";
import { Cascade } from "./cascade.ts";
import { flowDifferences } from "./flow-differences.ts";
import { lastSnapshots } from "../snapshot/last-snapshots.ts";
import { HistoryReplay } from "./history-replay.ts";
import { Pace } from "./pace.ts";
import type { ReplayOptions, ReplayRunFault } from "./replay-options.ts";
import { computedStage, frameNamed, recordAt, type ReplayPart, type ReplayPartFault } from "./replay-part.ts";
import { RecordedTypes } from "./recorded-types.ts";
import type { ReplayReport } from "./replay-report.ts";

/**
 * Runs a recorded history through a flow: sources, merge order and time come from the record, everything else is computed
 * again and held against it, each stage by its recorded inputs. Nothing outside is touched: no source is opened, no sink.
 * Throws a RangeError for a speed that is not above 0.
 */
export async function replayRun(options: ReplayOptions): Promise<Result<ReplayReport, ReplayRunFault>> {
  const { recorded, definition, into, speed } = options;
  try {
    if (speed !== undefined && !(speed > 0)) throw new RangeError(`a replay at the speed ${speed}`);
    const differing = flowDifferences(recorded.manifest, definition);
    if (differing.length > 0) return err({ kind: "flow-differs", differences: differing });
    const part = await partOf(options);
    if (part.isErr()) return err(part.error);
    const asked = { ...options, part: part.value };
    const replay = new HistoryReplay(asked);
    // A candidate has all of the run or is none; what is only compared may begin with what is left, if it is of today's types.
    const types = new RecordedTypes(recorded.manifest, definition.types);
    if (recorded.first > 0 && into === undefined && !types.upcasts) {
      const snapshots = await lastSnapshots(recorded);
      if (snapshots !== undefined) replay.restore(snapshots);
    }
    const ran = await replay.run();
    if (ran.isErr()) return err(ran.error);
    const chained = await withChain(replay.report(), options);
    if (chained.isErr()) return err(chained.error);
    const report = chained.value;
    const isGivenUp = options.signal?.aborted === true;
    if (options.cascade !== true || report.verdict !== "diverged" || isGivenUp) return ok(report);
    if (recorded.first > 0) return ok({ ...report, leftOut: [...report.leftOut, CANNOT_FOLLOW] });
    return (await new Cascade(asked, report).run()).map((cascade) => ({ ...report, cascade }));
  } finally {
    await into?.close();
  }
}

const CANNOT_FOLLOW = "How far the divergences reach was not followed: the beginning of the run is gone.";

/** With all that led to the first divergence, where that came of one input. */
async function withChain(
  report: ReplayReport,
  { recorded, definition }: ReplayOptions,
): Promise<Result<ReplayReport, ReadFault>> {
  const { first } = report;
  const [place, ...others] = first?.causes ?? [];
  if (first === undefined || place === undefined || others.length > 0) return ok(report);
  const chain = await causeChain(recorded, definition, { place, until: first.lsn });
  return chain.map((found) => ({ ...report, chain: found }));
}

/** What is asked for, found in the record. */
async function partOf(options: ReplayOptions): Promise<Result<ReplayPart, ReplayPartFault>> {
  const { recorded, definition, host, until, speed, signal, stage, breakAt } = options;
  const alone = stage === undefined ? ok(undefined) : computedStage(definition, stage);
  if (alone.isErr()) return err(alone.error);
  const end = until === undefined ? ok(undefined) : await endOf(recorded, until);
  if (end.isErr()) return err(end.error);
  const stop = breakAt === undefined ? ok(undefined) : await stopOf(options, breakAt);
  if (stop.isErr()) return err(stop.error);
  return ok({
    ...(end.value && { until: end.value }),
    ...(speed !== undefined && { pace: new Pace(host.clock, speed, signal) }),
    ...(signal && { signal }),
    ...(stage !== undefined && { stage }),
    ...(stop.value && { breakAt: stop.value }),
  });
}

/** `undefined` where nothing is left out. */
async function endOf(reader: RunReader, text: string): Promise<Result<ReplayPart["until"], ReplayPartFault>> {
  const found = await frameNamed(reader, text);
  if (found.isErr()) return err(found.error);
  const last = await reader.last();
  if (last.isErr()) return err(last.error);
  const lsn = found.value;
  const lastLsn = last.value?.lsn ?? lsn;
  if (lastLsn === lsn) return ok(undefined);
  const first = lsn + 1;
  const frames = first === lastLsn ? `Frame ${first} was` : `Frames ${first} to ${lastLsn} were`;
  return ok({ lsn, leftOut: `${frames} left out: the replay was to go up to ${nameOf(text)}.` });
}

function nameOf(text: string): string {
  return text.includes(":") ? text : `frame ${text}`;
}

async function stopOf(
  { recorded, definition, stage }: ReplayOptions,
  { place, reached }: NonNullable<ReplayOptions["breakAt"]>,
): Promise<Result<ReplayPart["breakAt"], ReplayPartFault>> {
  const found = await recordAt(recorded, place);
  if (found.isErr()) return err(found.error);
  const { lane, seq } = found.value;
  const writer = recorded.manifest.lanes[lane] ?? "";
  const readers = definition.topology.has(writer) ? definition.topology.downstream(writer) : [];
  const stops = readers.filter((reader) =>
    stage === undefined ? computedStage(definition, reader).isOk() : reader === stage,
  );
  if (stops.length === 0) return err({ kind: "nobody-takes", place, readers, stage });
  return ok({ lane, seq, reached: (by, input) => reached({ stage: by, place, input }) });
}
