import type { Brand } from "./brand.ts";

/** The id of a run: a uuid v7 in lower case, so that ids sort by the time of their creation. */
export type RunId = Brand<string, "RunId">;

/** The name of a stage, unique within its flow. */
export type StageName = Brand<string, "StageName">;

/** The position of a frame in the total order of its run log, dense from 0. Assigned by the store. */
export type Lsn = Brand<number, "Lsn">;

/** The number of a lane within its run: an index into the manifest's `lanes`. Lane 0 is `system`. */
export type LaneId = Brand<number, "LaneId">;

/** The position of a record within its lane, dense from 0. Assigned by the lane's one writer. */
export type LaneSeq = Brand<number, "LaneSeq">;

/** The number of an event type within its run: an index into the manifest's `types`. */
export type TypeId = Brand<number, "TypeId">;

/** The lane of the pipeline supervisor and the other system components. */
export const SYSTEM_LANE: LaneId = 0 as LaneId;

/** The name of {@link SYSTEM_LANE}; no stage may be called so. */
export const SYSTEM_LANE_NAME = "system";

/** The records of one lane from `first` to `last`, both included. */
export interface Span {
  readonly lane: LaneId;
  readonly first: LaneSeq;
  readonly last: LaneSeq;
}

/** How people write a record's place within its run: `stage:seq`. It is the same on every replay. */
export function formatPlace(stage: string, seq: LaneSeq): string {
  return `${stage}:${seq}`;
}

/** Reads what {@link formatPlace} writes; `undefined` when the text is not a place. */
export function parsePlace(text: string): { readonly stage: StageName; readonly seq: LaneSeq } | undefined {
  const match = /^([^:/]+):(0|[1-9]\d{0,14})$/.exec(text);
  if (match === null) return undefined;
  return { stage: match[1] as StageName, seq: Number(match[2]) as LaneSeq };
}
