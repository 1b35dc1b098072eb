import type { DataRecord, DecodedFrame, LaneId, LaneSeq, TypeId } from "@refold/core";

import { contract } from "../stage/contract-record.ts";
import type { Disagreement } from "./input-evidence.ts";

/**
 * Holds what a source says of its records against what holds for all that come from outside. The payloads are its own; that
 * they are of its type, lead back to nothing and are their own root, is not.
 */
export function sourceEvidence(
  { lane, firstSeq, records }: DecodedFrame,
  taken: number,
  types: readonly TypeId[],
): readonly Disagreement[] {
  let found: Disagreement[] | undefined;
  for (const [index, recorded] of records.entries()) {
    if (recorded.kind === "data") {
      const seq = (firstSeq + index) as LaneSeq;
      if (isRoot(recorded, lane, seq) && types.includes(recorded.type)) continue;
      const { cause, hops, payloadOf, ...rest } = recorded;
      const root: DataRecord = {
        ...rest,
        type: types[0] as TypeId,
        cause: undefined,
        originLane: lane,
        originSeq: seq,
      };
      (found ??= []).push({ index, recorded, recomputed: root });
    } else if (recorded.kind === "contract" && recorded.contract === "source") {
      // A source has as many records as it has on record.
      const recomputed = contract("source", recorded.upstream, recorded.advertised, taken);
      if (recorded.read === recomputed.read && recorded.verdict === recomputed.verdict) continue;
      (found ??= []).push({ index, recorded, recomputed });
    }
  }
  return found ?? NONE;
}

function isRoot(
  { cause, hops = 0, payloadOf, originLane, originSeq }: DataRecord,
  lane: LaneId,
  seq: LaneSeq,
): boolean {
  return cause === undefined && hops === 0 && payloadOf === undefined && originLane === lane && originSeq === seq;
}

const NONE: readonly Disagreement[] = [];
