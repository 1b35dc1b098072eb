import { err, ok, type Result } from "neverthrow";

import {
  formatPlace,
  parsePlace,
  SYSTEM_LANE_NAME,
  type AbortSignalLike,
  type LaneId,
  type LaneSeq,
  type Lsn,
  type ReadFault,
  type RunReader,
} from "@refold/core";
import { nearestName } from "@refold/topology";

import { isComputed, type FlowDefinition } from "../definition/flow-definition.ts";
import type { Pace } from "./pace.ts";

/** A part of a run, as found in its record. */
export interface ReplayPart {
  /** The last frame, and what to say of those behind it. */
  readonly until?: { readonly lsn: Lsn; readonly leftOut: string };
  readonly pace?: Pace;
  readonly signal?: AbortSignalLike;
  /** The only stage that is computed and compared. */
  readonly stage?: string;
  /** Called before a handler takes the input at a place. */
  readonly breakAt?: {
    readonly lane: LaneId;
    readonly seq: LaneSeq;
    readonly reached: (stage: string, input: unknown) => void;
  };
}

/** Why a run has no such part to replay. */
export type ReplayPartFault =
  | ReadFault
  /** The text is neither the number of a frame nor a place. */
  | { readonly kind: "not-a-record"; readonly text: string }
  /** The run has frames 0 to `frames - 1`. */
  | { readonly kind: "no-such-frame"; readonly lsn: number; readonly frames: number }
  | { readonly kind: "no-such-stage"; readonly stage: string; readonly nearest: string | undefined }
  /** The stage has records 0 to `records - 1`. */
  | { readonly kind: "no-such-record"; readonly place: string; readonly records: number }
  /** Nothing of the stage is computed again; `computed` are the stages of which something is. */
  | {
      readonly kind: "stage-not-computed";
      readonly stage: string;
      readonly is: string;
      readonly computed: readonly string[];
    }
  /** No handler takes the record: none that is called reads the stage that it is of. */
  | {
      readonly kind: "nobody-takes";
      readonly place: string;
      readonly readers: readonly string[];
      /** The only stage that was to be computed. */
      readonly stage: string | undefined;
    };

/** One record of a run. */
export interface FoundRecord {
  readonly lane: LaneId;
  readonly seq: LaneSeq;
  readonly lsn: Lsn;
}

/** The frame that is named by its number, or by the place of a record in it. */
export async function frameNamed(reader: RunReader, text: string): Promise<Result<Lsn, ReplayPartFault>> {
  if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) return (await recordAt(reader, text)).map(({ lsn }) => lsn);
  const lsn = Number(text) as Lsn;
  const last = await reader.last();
  if (last.isErr()) return err(last.error);
  const frames = last.value === undefined ? 0 : last.value.lsn + 1;
  if (lsn < reader.first) return err({ kind: "not-retained", asked: lsn, first: reader.first });
  return lsn < frames ? ok(lsn) : err({ kind: "no-such-frame", lsn, frames });
}

/** The record at a place, `stage:seq`. The pipeline's are under `system`. */
export async function recordAt(reader: RunReader, text: string): Promise<Result<FoundRecord, ReplayPartFault>> {
  const place = parsePlace(text);
  if (place === undefined) return err({ kind: "not-a-record", text });
  const { stage, seq } = place;
  const lane = reader.manifest.lanes.indexOf(stage) as LaneId;
  if (lane < 0) return err(noSuchStage(stage, reader.manifest.lanes));
  let records = 0;
  for await (const batch of reader.read(reader.first)) {
    if (batch.isErr()) return err(batch.error);
    for (const frame of batch.value) {
      if (frame.lane !== lane) continue;
      if (seq < frame.firstSeq && records === 0)
        return err({ kind: "not-retained", asked: 0 as Lsn, first: reader.first });
      records = frame.firstSeq + frame.count;
      if (seq < records) return ok({ lane, seq, lsn: frame.lsn });
    }
  }
  return err({ kind: "no-such-record", place: formatPlace(stage, seq), records });
}

/** Whether a stage can be computed alone. */
export function computedStage({ stages }: FlowDefinition, name: string): Result<string, ReplayPartFault> {
  const stage = stages.find((known) => known.name === name);
  const names = stages.map((known) => known.name);
  if (stage === undefined) return err(noSuchStage(name, names));
  const computed = stages.filter(isComputed).map((known) => known.name);
  if (isComputed(stage)) return ok(name);
  return err({ kind: "stage-not-computed", stage: name, is: stage.kind, computed });
}

function noSuchStage(stage: string, names: readonly string[]): ReplayPartFault {
  const stages = names.filter((name) => name !== SYSTEM_LANE_NAME);
  return { kind: "no-such-stage", stage, nearest: nearestName(stage, stages) };
}
